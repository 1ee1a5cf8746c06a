/** Shows something of a part of the page that is fetched late, as soon as it is there; until then nothing. */

import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { LatePart } from './late-part.ts';

interface Props<Module> {
  readonly part: LatePart<Module>;
  /** It cannot be had: nobody is to wait for what it would have shown. */
  readonly onMissing?: () => void;
  readonly children: (module: Module) => ComponentChildren;
}

export function Late<Module>({ part, onMissing, children }: Props<Module>) {
  const { value: module } = part.module;
  useEffect(() => {
    // The person is told.
    part.need().catch(() => onMissing?.());
  }, [part]);
  return module === null ? null : <>{children(module)}</>;
}
