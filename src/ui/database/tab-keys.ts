/** What keys do with the tabs. Pure. */

export type TabAction = 'new' | 'next' | 'previous' | 'close';

export interface TabKey {
  readonly code: string;
  readonly key: string;
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

/**
 * Anywhere in the view: what browsers leave to pages. Null: it is no such key. `isTyping`: a text field
 * has the focus, and what a Mac's Option key writes goes into it.
 */
export function tabActionOf(pressed: TabKey, isTyping: boolean): TabAction | null {
  const { code, key, altKey, ctrlKey, metaKey, shiftKey } = pressed;
  // AltGr is Ctrl and Alt on some systems.
  if (!altKey || ctrlKey || metaKey || shiftKey) return null;
  const action = ACTION_BY_CODE[code] ?? null;
  return action !== null && isTyping && writes(code, key) ? null : action;
}

/** With Alt the key is the beginning of an accent, or another character than its own letter. */
function writes(code: string, key: string): boolean {
  const isCharacter = [...key].length === 1 && `Key${key.toUpperCase()}` !== code;
  return key === 'Dead' || isCharacter;
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
