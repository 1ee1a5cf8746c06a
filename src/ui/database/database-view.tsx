/** The Database view: the schema, the tabs, and what the active one shows. */

import { Console } from '../console.tsx';
import { Late } from '../late.tsx';
import { sidebar, tableBrowser, tabStrip } from '../late-parts.ts';
import { PANEL_ID, tabElementId } from './tab-panel.ts';
import { activeTab } from './tab-store.ts';

export function DatabaseView() {
  const tab = activeTab.value;
  const table = tab?.table ?? null;
  // They come by themselves, behind what the first sight needs.
  const { value: side } = sidebar.module;
  const { value: strip } = tabStrip.module;
  return (
    <div class="database">
      <div class="sidebar">{side !== null && <side.Sidebar />}</div>
      <div class="workspace">
        <div class="tab-strip">{strip !== null && <strip.TabStrip />}</div>
        <div
          id={PANEL_ID}
          role={strip === null ? undefined : 'tabpanel'}
          aria-labelledby={strip === null ? undefined : tabElementId(tab?.id ?? 0)}
        >
          {/* It stays, so that what is typed and what runs does, too. */}
          <div hidden={table !== null}>
            <Console />
          </div>
          {tab !== undefined && table !== null && (
            <Late part={tableBrowser}>
              {({ TableBrowser }) => <TableBrowser key={tab.id} id={tab.id} table={table} />}
            </Late>
          )}
        </div>
      </div>
    </div>
  );
}
