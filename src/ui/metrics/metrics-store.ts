/**
 * The readings of the last 15 minutes, taken once a second from when the metrics are first looked at,
 * also while they are not: a look at another tab costs nothing of what happened meanwhile.
 */

import { computed, effect, signal } from '@preact/signals';
import type { Database } from '../../client/database.ts';
import { database } from '../store.ts';
import { LeaderChanges, type LeaderChange } from './leader-changes.ts';
import { SampleRing } from './sample-ring.ts';
import { Sampler } from './sampler.ts';

const SAMPLE_INTERVAL_MS = 1_000;
const KEPT_SAMPLES = 900;
/** All that are plotted, and the lag of twice as many members as there may be. */
const MAX_SERIES = 96;
/** How often the database file's size is asked for, in samples. */
const FILE_SIZE_SAMPLES = 5;
const FILE_SIZE = 'select page_count * page_size from pragma_page_count, pragma_page_size';

export const RANGES_MIN = [1, 5, 15] as const;
export type RangeMin = (typeof RANGES_MIN)[number];

/** What is shown: as it is now, or was when it was paused. */
export interface Recording {
  readonly ring: SampleRing;
  readonly leaderChanges: readonly LeaderChange[];
  readonly endMs: number;
}

const sampler = new Sampler();
const leaderChanges = new LeaderChanges();
let ring = new SampleRing(KEPT_SAMPLES, MAX_SERIES);
let clusterId: string | null = null;
let isStarted = false;
let samples = 0;

const now = signal<Recording>({ ring, leaderChanges: [], endMs: Date.now() });
const paused = signal<Recording | null>(null);

export const rangeMin = signal<RangeMin>(1);
export const isPaused = computed(() => paused.value !== null);
/** Another one with every sample, unless it is paused. */
export const recording = computed(() => paused.value ?? now.value);
/** Where the plots' cursor stands, as the place of a sample in sight; null: nowhere. */
export const cursorAt = signal<number | null>(null);

/** The first look begins it. */
export function startMetrics(): void {
  if (isStarted) return;
  isStarted = true;
  effect(() => {
    const { value: opened } = database;
    return opened === null ? undefined : follow(opened);
  });
  setInterval(take, SAMPLE_INTERVAL_MS);
}

export function pause(): void {
  paused.value = { ...now.value, ring: ring.copy() };
}

export function goOn(): void {
  paused.value = null;
}

function follow(opened: Database): () => void {
  sampler.reset();
  if (clusterId !== null && clusterId !== opened.clusterId) {
    leaderChanges.reset();
    ring = new SampleRing(KEPT_SAMPLES, MAX_SERIES);
  }
  ({ clusterId } = opened);
  const ends = [
    opened.onStatus((status) => {
      sampler.onStatus(status);
      leaderChanges.onStatus(status, Date.now());
    }),
    opened.inspect((inspection) => sampler.onInspection(inspection)),
    opened.onWriteAnswered((elapsedMs) => sampler.onOwnWrite(elapsedMs)),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function take(): void {
  const endMs = Date.now();
  // A clock that was set back: what is to come has to come later.
  if (endMs <= (ring.lastMs ?? 0)) ring = new SampleRing(KEPT_SAMPLES, MAX_SERIES);
  ring.add(endMs, sampler.take(endMs));
  now.value = { ring, leaderChanges: leaderChanges.all, endMs };
  if (samples % FILE_SIZE_SAMPLES === 0 && database.value !== null) void askSize(database.value);
  samples += 1;
}

/** A node that does not answer is known by the other figures. */
async function askSize(opened: Database): Promise<void> {
  try {
    const { rows } = await opened.query(FILE_SIZE, [], { level: 'none' });
    sampler.onDatabaseBytes(Number(rows[0]?.[0]));
  } catch {
    // As above.
  }
}
