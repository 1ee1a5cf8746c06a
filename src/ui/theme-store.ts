/** Light or dark: as the system has it, unless the person says otherwise; kept in this browser. */

import { effect, signal } from '@preact/signals';
import { keep, kept } from './browser-memory.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'resqlite:theme';

export const theme = signal<Theme>(read());
/** What the page looks like now. */
export const isDark = signal(false);

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  keep(KEY, chosen);
}

/** To be called before anything is drawn. Another tab's choice counts here, too. */
export function followTheme(): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const systemIsDark = signal(system.matches);
  system.addEventListener('change', ({ matches }) => (systemIsDark.value = matches));
  addEventListener('storage', ({ key }) => {
    if (key === KEY || key === null) theme.value = read();
  });
  effect(() => {
    const { value: chosen } = theme;
    isDark.value = chosen === 'system' ? systemIsDark.value : chosen === 'dark';
    const { dataset } = document.documentElement;
    if (chosen === 'system') delete dataset['theme'];
    else dataset['theme'] = chosen;
    tintBrowser(chosen);
  });
}

/** The browser's own bars go by the page's `theme-color`, one for light and one for dark. */
function tintBrowser(chosen: Theme): void {
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const scheme = meta.dataset['scheme'] ?? '';
    meta.media =
      chosen === 'system' ? `(prefers-color-scheme: ${scheme})` : mediaIf(scheme === chosen);
  }
}

function mediaIf(isMeant: boolean): string {
  return isMeant ? 'all' : 'not all';
}

function read(): Theme {
  const stored = kept(KEY);
  return THEMES.find((known) => known === stored) ?? 'system';
}
