/** The way to the page's views, as a person takes it, and what is there. */

import type { Page } from 'playwright-core';

type ViewTitle = 'Database' | 'Apps' | 'Cluster' | 'Metrics' | 'Lab' | 'Settings';

/** By the navigation, in front of all other tabs; the view need not be there yet. */
export async function goTo({ page }: { readonly page: Page }, title: ViewTitle): Promise<void> {
  await page.bringToFront();
  const views = page.getByRole('navigation', { name: 'Views' });
  await views.getByRole('link', { name: title, exact: true }).click();
}

export async function editorText({ page }: { readonly page: Page }): Promise<string> {
  // The plain editor is a field, the full one is not.
  const editor = page.getByRole('textbox', { name: 'SQL' });
  return editor.evaluate(
    (element: HTMLElement & { value?: string }) => element.value ?? element.innerText,
  );
}
