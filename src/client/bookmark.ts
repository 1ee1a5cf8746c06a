/**
 * Bookmarks: a place in the log of one cluster as a short string, which callers hand from an answer to
 * a later read, be it on another node, so that the read sees what the answer saw. What stands in it is
 * nobody else's business.
 *
 * Form: `b1.<cluster id>.<log index>.<check>`, the index in base 36 and without leading zeros, the
 * check an FNV-1a hash of all before it. The check tells a bookmark that was cut off or mangled from
 * one of the future, for which a read would wait in vain; it is no proof of origin.
 */

import type { LogIndex } from '../raft/types.ts';
import { invalidArgument } from './errors.ts';

const FORM = /^(b1\.([a-z2-7]{16})\.(0|[1-9a-z][0-9a-z]*))\.([0-9a-z]{1,7})$/;
const FNV_OFFSET = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;
const RADIX = 36;

export function formatBookmark(clusterId: string, index: LogIndex): string {
  const text = `b1.${clusterId}.${index.toString(RADIX)}`;
  return `${text}.${checkOf(text)}`;
}

/** Throws `ResqliteError` 'InvalidArgument' for anything that is no bookmark of this cluster. */
export function parseBookmark(clusterId: string, bookmark: unknown): LogIndex {
  const match = typeof bookmark === 'string' ? FORM.exec(bookmark) : null;
  const [, text = '', cluster, digits = '', check] = match ?? [];
  const index = Number.parseInt(digits, RADIX);
  if (match === null || check !== checkOf(text) || !Number.isSafeInteger(index)) {
    throw invalidArgument('the bookmark is incomplete or damaged');
  }
  if (cluster !== clusterId) throw invalidArgument('the bookmark is of another cluster');
  return index as LogIndex;
}

function checkOf(text: string): string {
  let hash = FNV_OFFSET;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  }
  return (hash >>> 0).toString(RADIX);
}
