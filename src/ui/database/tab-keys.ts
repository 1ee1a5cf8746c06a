/** What keys do with the tabs. Pure. */

export type TabAction = 'new' | 'next' | 'previous' | 'close';

export interface TabKey {
  readonly code: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
}

/** By a key's place, since with Alt some keyboards write other letters. */
const ACTION_BY_CODE: Readonly<Record<string, TabAction>> = {
  KeyN: 'new',
  KeyW: 'close',
  PageDown: 'next',
  PageUp: 'previous',
};

/** Anywhere in the view: what browsers leave to pages. Null: it is no such key. */
export function tabActionOf({
  code,
  altKey,
  ctrlKey,
  metaKey,
  shiftKey,
}: TabKey): TabAction | null {
  // AltGr is Ctrl and Alt on some systems.
  if (!altKey || ctrlKey || metaKey || shiftKey) return null;
  return ACTION_BY_CODE[code] ?? null;
}

/** Where an arrow leads in a row of `count` tabs, round its ends; null: it is no such key. */
export function tabAfterKey(key: string, at: number, count: number): number | null {
  switch (key) {
    case 'ArrowRight':
      return (at + 1) % count;
    case 'ArrowLeft':
      return (at + count - 1) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
