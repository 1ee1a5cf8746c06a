/** What the page keeps in this browser, as JSON. Blocked storage keeps nothing, which is not worth an error. */

/** In this browser, or only in this tab of it. */
type Place = 'localStorage' | 'sessionStorage';

/** Not trusted; null: there is nothing, or nothing that can be read. */
export function kept(key: string, place: Place = 'localStorage'): unknown {
  try {
    return JSON.parse(globalThis[place].getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

export function keep(key: string, value: unknown, place: Place = 'localStorage'): void {
  try {
    globalThis[place].setItem(key, JSON.stringify(value));
  } catch {
    // It lasts as long as the page.
  }
}
