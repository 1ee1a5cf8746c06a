/**
 * Files dropped anywhere on the page. A browser would leave the page for them, and the editor would take
 * them for text: so they are caught before either.
 */

import type { Signal } from '@preact/signals';

/** `isOver`: files are being dragged over the page. The answer ends it. */
export function watchDrops(
  isOver: Signal<boolean>,
  onFiles: (files: readonly File[]) => void,
): () => void {
  const ended = new AbortController();
  const options = { capture: true, signal: ended.signal };
  window.addEventListener(
    'dragover',
    (event) => {
      if (!isForFiles(event)) return;
      event.preventDefault();
      isOver.value = true;
    },
    options,
  );
  window.addEventListener(
    'dragleave',
    ({ relatedTarget }) => {
      // Null: it has left the page, and not only one of its elements for another.
      if (relatedTarget === null) isOver.value = false;
    },
    options,
  );
  window.addEventListener(
    'drop',
    (event) => {
      isOver.value = false;
      if (!isForFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      onFiles(Array.from(event.dataTransfer?.files ?? []));
    },
    options,
  );
  return () => ended.abort();
}

function isForFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') === true;
}
