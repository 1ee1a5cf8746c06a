/** The way to the page's views, as a person takes it. */

import type { Page } from 'playwright-core';

type ViewTitle = 'Database' | 'Apps' | 'Cluster' | 'Metrics' | 'Lab' | 'Settings';

/** By the navigation, in front of all other tabs; the view need not be there yet. */
export async function goTo({ page }: { readonly page: Page }, title: ViewTitle): Promise<void> {
  await page.bringToFront();
  const views = page.getByRole('navigation', { name: 'Views' });
  await views.getByRole('link', { name: title, exact: true }).click();
}
