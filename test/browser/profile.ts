/** The browser profile of the tests that run in one: nothing is left in it from the last time. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';

export const PROFILE = join(import.meta.dirname, '../../node_modules/.cache/browser-profile');

export function setup(): void {
  rmSync(PROFILE, { recursive: true, force: true });
}
