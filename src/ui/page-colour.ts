/** The page's colours for what is drawn on a canvas, which does not know custom properties. */

import { isDark } from './theme-store.ts';

const colourByKey = new Map<string, string>();
let probe: HTMLElement | null = null;

/** `name` is a token's, as `--accent`; as the page looks now. */
export function pageColour(name: string): string {
  const key = `${isDark.peek() ? 'dark' : 'light'} ${name}`;
  const known = colourByKey.get(key);
  if (known !== undefined) return known;
  // A custom property's own value may still be a choice of two: only a colour in use is one.
  probe ??= addProbe();
  probe.style.color = `var(${name})`;
  const colour = getComputedStyle(probe).color;
  colourByKey.set(key, colour);
  return colour;
}

function addProbe(): HTMLElement {
  const added = document.createElement('span');
  added.hidden = true;
  document.body.append(added);
  return added;
}
