/** What axe-core finds wrong in a page (WCAG 2.2 A and AA and its best practices), in every theme and size. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import type { AxeResults, RunOptions } from 'axe-core';

import type { Tab } from './tab.ts';

export const SIZES = [
  { width: 1280, height: 900 },
  { width: 360, height: 740 },
];
const THEMES = ['light', 'dark'] as const;
type Theme = (typeof THEMES)[number];
/** How much wider than the window the page is. */
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
const RULES: RunOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  resultTypes: ['violations'],
};
/** What may differ between themes, which are colours and nothing else. */
const RULES_OF_COLOURS: RunOptions = {
  runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] },
  resultTypes: ['violations'],
};

/** To be called once in a document, before it is asked. */
export async function loadAxe(tab: Tab): Promise<void> {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await tab.evaluate(axe);
}

/** Of what is shown now, a line each: all rules in the first theme. `place` says what it is. */
export async function flawsOf(
  tab: Tab,
  place: string,
  themes: readonly Theme[] = THEMES,
): Promise<string[]> {
  const found: string[] = [];
  for (const [at, colorScheme] of themes.entries()) {
    await tab.page.emulateMedia({ colorScheme });
    const where = `${place}, ${colorScheme}`;
    found.push(
      ...(await violations(tab, at === 0 ? RULES : RULES_OF_COLOURS)).map(
        (text) => `${where}: ${text}`,
      ),
    );
    const overflow = await tab.page.evaluate(OVERFLOW);
    if (overflow !== 0) found.push(`${where}: ${overflow as number} px wider than the window`);
  }
  return found;
}

async function violations(tab: Tab, rules: RunOptions): Promise<string[]> {
  const results = (await tab.page.evaluate(
    (options) =>
      (globalThis as unknown as { axe: { run(options: object): Promise<object> } }).axe.run(
        options,
      ),
    rules,
  )) as AxeResults;
  return results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id} (${help}) at ${html}: ${failureSummary ?? ''}`),
  );
}
