/**
 * Where a stock Firefox is on this machine. Looks only: it starts no process, installs nothing and
 * prints nothing. Playwright's own build of Firefox does not count: it speaks another protocol than
 * the one that tests drive Firefox by.
 */

import { join } from 'node:path';

import { findUsable, macFolders, windowsFolders } from './executable.ts';

/** What FIREFOX_PATH names (unchecked: its owner knows best), else the system's; null: none. */
export function findFirefox(): string | null {
  const named = process.env['FIREFOX_PATH'];
  if (named !== undefined && named !== '') return named;
  return findUsable(systemPaths());
}

function systemPaths(): string[] {
  if (process.platform === 'win32') {
    return windowsFolders().map((root) => join(root, 'Mozilla Firefox/firefox.exe'));
  }
  if (process.platform === 'darwin') {
    return macFolders().map((folder) => join(folder, 'Firefox.app/Contents/MacOS/firefox'));
  }
  return [
    '/usr/bin/firefox',
    '/usr/bin/firefox-esr',
    '/usr/lib/firefox/firefox',
    '/usr/lib/firefox-esr/firefox-esr',
    '/opt/firefox/firefox',
  ];
}
