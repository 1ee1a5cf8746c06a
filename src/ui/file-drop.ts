/**
 * Files dropped anywhere on the page. A browser would leave the page for them, and the editor would take
 * them for text: so they are caught before either. Whoever began to watch last gets them: a view that is
 * shown comes before one that waits behind it.
 */

import type { Signal } from '@preact/signals';

const watchers: AbortController[] = [];

/** `isOver`: files are being dragged over the page. The answer ends it. */
export function watchDrops(
  isOver: Signal<boolean>,
  onFiles: (files: readonly File[]) => void,
): () => void {
  const ended = new AbortController();
  const options = { capture: true, signal: ended.signal };
  const isMeant = (event: DragEvent): boolean => watchers.at(-1) === ended && isForFiles(event);
  watchers.push(ended);
  window.addEventListener(
    'dragover',
    (event) => {
      if (!isMeant(event)) return;
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
      if (!isMeant(event)) return;
      event.preventDefault();
      event.stopPropagation();
      onFiles(Array.from(event.dataTransfer?.files ?? []));
    },
    options,
  );
  return () => {
    ended.abort();
    watchers.splice(watchers.indexOf(ended), 1);
  };
}

function isForFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') === true;
}
