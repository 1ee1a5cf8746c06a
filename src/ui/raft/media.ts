/** What a drawing asks of its surroundings: whether it may move, and how wide it is. */

import { signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

const query = matchMedia('(prefers-reduced-motion: reduce)');

/** The person asked for nothing to move. */
export const isMotionReduced = signal(query.matches);

query.addEventListener('change', () => {
  isMotionReduced.value = query.matches;
});

/** The element's width in CSS pixels; 0 until it is laid out. */
export function useWidth(ref: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const { current } = ref;
    if (current === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(current.clientWidth));
    observer.observe(current);
    setWidth(current.clientWidth);
    return () => observer.disconnect();
  }, []);
  return width;
}
