/**
 * What the page and the place where a job's functions run say to each other, whether that is a worker or
 * a frame without rights. The page sends one start and is told 'ready', or why not; then one call after
 * the other, each of which is answered once, by its number. Answers of a place that runs strangers'
 * functions are not trusted: `readAnswer` takes what has the right form and nothing else.
 */

import { unpackTexts, type PackedTexts } from './packed-texts.ts';

/** Raised with every change of what stands here; public/sandbox.html has it, too. */
export const PROTOCOL = 1;
/** Of all texts of an answer together, in UTF-16 units. */
export const ANSWER_LENGTH_MAX = 64 * 1024 * 1024;
/** Of a map call: what a page's thread takes in within a moment. */
export const PAIRS_MAX = 250_000;
const MESSAGE_LENGTH_MAX = 2_000;

export type RunnerCall = { readonly id: number } & (
  | { readonly type: 'map'; readonly name: string; readonly contents: string }
  /** `texts`: of each group its key and then its values; `sizes`: how many values each has. */
  | { readonly type: 'reduce'; readonly texts: PackedTexts; readonly sizes: Uint32Array }
);

export type RunnerAnswer =
  | { readonly type: 'ready'; readonly protocol: number }
  /** Of a map call keys and values in turn, of a reduce call a value for each group. */
  | { readonly type: 'done'; readonly id: number; readonly texts: PackedTexts }
  /** What the functions threw. */
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

/** An answer as it is understood; null: it is none to that call. */
export type ReadAnswer =
  | { readonly type: 'done'; readonly texts: string[] }
  | { readonly type: 'failed'; readonly message: string }
  | null;

/** Of this version: a page may be older or newer than the place that it gets. */
export function isReady(answer: unknown): boolean {
  const { type, protocol } = fieldsOf(answer);
  return type === 'ready' && protocol === PROTOCOL;
}

/** To the call of that number, which asks for `countMax` texts at most. */
export function readAnswer(answer: unknown, callId: number, countMax: number): ReadAnswer {
  const { type, id, texts, message } = fieldsOf(answer);
  if (id !== callId) return null;
  if (type === 'failed' && typeof message === 'string') {
    return { type, message: message.slice(0, MESSAGE_LENGTH_MAX) };
  }
  if (type !== 'done') return null;
  const unpacked = unpackTexts(texts, ANSWER_LENGTH_MAX, countMax);
  if (unpacked !== null) return { type, texts: unpacked };
  return { type: 'failed', message: 'the answer is too large, or no list of texts' };
}

function fieldsOf(answer: unknown): Readonly<Record<string, unknown>> {
  return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {};
}
