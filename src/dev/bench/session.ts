/** One run of the benchmark's command: what every part of it is given. */

import type { PreviewServer } from 'vite';

import type { BenchOptions } from './options.ts';

export interface Session {
  readonly port: number;
  /** Serves the page. */
  readonly server: PreviewServer['httpServer'];
  /** Where what is served is. */
  readonly folder: string;
  readonly options: BenchOptions;
  /** For the report. */
  readonly note: (text: string) => void;
  /** Something could not be measured; what else there is is told all the same. */
  readonly fail: (error: unknown) => void;
}

export interface Progress {
  readonly measurement: string;
  readonly subject: string;
  /** From 1; 0 while it is warmed up. */
  readonly round: number;
  readonly rounds: number;
}

export function tellProgress({ measurement, subject, round, rounds }: Progress): void {
  const step = round === 0 ? 'warming up' : `round ${round} of ${rounds}`;
  console.error(`${measurement}: ${subject}, ${step}`);
}

/** The cluster of three tabs. */
export function clusterUrl({ port }: Session): string {
  return `http://localhost:${port}/`;
}

/** Another origin of the same server, and so another cluster. */
export function otherUrl({ port }: Session): string {
  return `http://127.0.0.1:${port}/`;
}
