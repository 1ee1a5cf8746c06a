/** Where browsers may be, and what a path to one leads to. Looks only: it starts and changes nothing. */

import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Ubuntu's launcher of a snap is a script of some hundred bytes. */
const MAX_LAUNCHER_BYTES = 64 * 1024;

/** Windows' folders of programs. */
export function windowsFolders(): string[] {
  return ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA']
    .map((name) => process.env[name])
    .filter((root) => root !== undefined);
}

/** The system's and the user's, on macOS. */
export function macFolders(): string[] {
  return ['/Applications', join(process.env['HOME'] ?? '/', 'Applications')];
}

/** The first that a test can start; null where there is none. */
export function findUsable(paths: readonly string[]): string | null {
  return paths.find((path) => isExecutable(path) && !isSnap(path)) ?? null;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A snap sees another /tmp than we do, so the profiles that tests make would be out of its reach. */
function isSnap(path: string): boolean {
  const target = realpathSync(path);
  if (target.startsWith('/snap/') || target === '/usr/bin/snap') return true;
  if (statSync(target).size > MAX_LAUNCHER_BYTES) return false;
  return readFileSync(target, 'latin1').includes('/snap/');
}
