/**
 * The browser profile of the tests that run in one: a run's own, since several may run at a time, and
 * with nothing in it. What ended runs have left goes with the next one.
 */

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const PROFILES = join(import.meta.dirname, '../../node_modules/.cache/browser-profiles');

export const PROFILE = join(PROFILES, String(process.pid));

export function setup(): void {
  mkdirSync(PROFILES, { recursive: true });
  const left = readdirSync(PROFILES).filter((pid) => !runs(Number(pid)));
  for (const pid of left) rmSync(join(PROFILES, pid), { recursive: true, force: true });
  rmSync(PROFILE, { recursive: true, force: true });
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
