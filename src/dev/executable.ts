/** What a path to a browser leads to. Looks only: it starts nothing and changes nothing. */

import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';

/** Ubuntu's launcher of a snap is a script of some hundred bytes. */
const MAX_LAUNCHER_BYTES = 64 * 1024;

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A snap sees another /tmp than we do, so the profiles that tests make would be out of its reach. */
export function isSnap(path: string): boolean {
  const target = realpathSync(path);
  if (target.startsWith('/snap/') || target === '/usr/bin/snap') return true;
  if (statSync(target).size > MAX_LAUNCHER_BYTES) return false;
  return readFileSync(target, 'latin1').includes('/snap/');
}
