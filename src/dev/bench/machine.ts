/** What a run was made on, so that its figures can be read. */

import { cpus, release, totalmem, type } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly browser: string;
  readonly node: string;
  /** ISO 8601. */
  readonly date: string;
}

export function describeMachine(browserVersion: string): Machine {
  const cores = cpus();
  return {
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    browser: `Chromium ${browserVersion}`,
    node: process.version,
    date: new Date().toISOString(),
  };
}
