/** The names by which tabs and what they show refer to each other. */

export const PANEL_ID = 'tab-panel';

export function tabElementId(id: number): string {
  return `tab-${id}`;
}
