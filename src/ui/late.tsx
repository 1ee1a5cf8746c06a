/** Shows something of a part of the page that is fetched late, as soon as it is there; until then nothing. */

import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { LatePart } from './late-part.ts';

interface Props<Module> {
  readonly part: LatePart<Module>;
  readonly children: (module: Module) => ComponentChildren;
}

export function Late<Module>({ part, children }: Props<Module>) {
  const { value: module } = part.module;
  useEffect(() => {
    // The person is told.
    part.need().catch(() => undefined);
  }, [part]);
  return module === null ? null : <>{children(module)}</>;
}
