/**
 * Where a Chromium is on this machine, and the flags tests start it with. Looks only: it starts no
 * process, installs nothing and prints nothing, so that configuration files may import it.
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';

import type * as playwright from 'playwright-core';

import { findUsable, isExecutable, macFolders, windowsFolders } from './executable.ts';

/** Headless runs need no GPU, no first-run pages and no traffic of the browser's own. */
export const CHROMIUM_FLAGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * The executable to test with: what CHROMIUM_PATH names (unchecked: its owner knows best), else the
 * first of the system's, else the one Playwright's installer left; null where there is none.
 */
export function findChromium(): string | null {
  const named = process.env['CHROMIUM_PATH'];
  if (named !== undefined && named !== '') return named;
  const usable = findUsable(systemPaths());
  if (usable !== null) return usable;
  const downloaded = playwrightPath();
  return downloaded !== null && isExecutable(downloaded) ? downloaded : null;
}

function systemPaths(): string[] {
  if (process.platform === 'win32') {
    const programs = ['Chromium', 'Google/Chrome', 'Microsoft/Edge'];
    return programs.flatMap((program) =>
      windowsFolders().map((root) =>
        join(root, program, 'Application', program.endsWith('Edge') ? 'msedge.exe' : 'chrome.exe'),
      ),
    );
  }
  if (process.platform === 'darwin') {
    const programs = ['Chromium', 'Google Chrome', 'Microsoft Edge'];
    return programs.flatMap((program) =>
      macFolders().map((folder) => join(folder, `${program}.app/Contents/MacOS/${program}`)),
    );
  }
  return [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/lib/chromium/chromium',
    '/usr/bin/google-chrome-stable',
    '/usr/bin/google-chrome',
    '/opt/google/chrome/chrome',
  ];
}

/** Playwright is asked only when needed: loading it takes longer than everything else here. */
function playwrightPath(): string | null {
  const require = createRequire(import.meta.url);
  const { chromium } = require('playwright-core') as typeof playwright;
  try {
    return chromium.executablePath();
  } catch {
    return null; // Playwright has no build for this platform.
  }
}
