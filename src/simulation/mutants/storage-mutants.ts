/** Faults of the log store, of identities and of the transport's queues: their suites kill them. */

import type { Mutant, Suite } from './mutant.ts';

const LOG_PAIR: Suite = { project: 'unit', file: 'test/storage/log-pair.test.ts' };
const BOTH_COPIES: Suite = { project: 'unit', file: 'test/storage/both-copies.test.ts' };
const LOG_PAIR_MODEL: Suite = { project: 'unit', file: 'test/storage/log-pair-model.test.ts' };
const RECORD_CODEC: Suite = { project: 'unit', file: 'test/storage/record-codec.test.ts' };
const STRICT_STORE: Suite = { project: 'unit', file: 'test/storage/strict-store.test.ts' };
const NODE_STORAGE: Suite = {
  project: 'browser',
  file: 'test/browser/storage/node-storage.test.ts',
};
const SEND_QUEUE: Suite = { project: 'unit', file: 'test/transport/send-queue.test.ts' };

export const STORAGE_MUTANTS: readonly Mutant[] = [
  {
    name: 'acknowledged-on-one-copy',
    breaks: 'A record counts as durable when one copy of the log has it (LS1)',
    file: 'src/storage/log-pair.ts',
    find: '    let waiting = this.#copies.length;',
    replace: '    let waiting = 1;',
    suite: BOTH_COPIES,
  },
  {
    name: 'indexeddb-error-swallowed',
    breaks: 'A transaction that was aborted is reported as durable (LS4)',
    file: 'src/storage/indexeddb-copy.ts',
    find: '      error = describeError(cause);',
    replace: '      describeError(cause);',
    suite: LOG_PAIR,
  },
  {
    name: 'journal-error-swallowed',
    breaks: 'A flush that failed is reported as durable (LS4)',
    file: 'src/storage/journal-copy.ts',
    find: '      error = describeError(cause);',
    replace: '      describeError(cause);',
    suite: LOG_PAIR,
  },
  {
    name: 'journal-not-flushed',
    breaks: 'A record is reported as durable before it is flushed (LS1)',
    file: 'src/storage/journal-copy.ts',
    find: '      write(this.#current, frame.bytes, this.#end);\n      this.#current.flush();',
    replace: '      write(this.#current, frame.bytes, this.#end);',
    suite: LOG_PAIR_MODEL,
  },
  {
    name: 'store-goes-on-after-failure',
    breaks: 'After a failed write the next one is tried (LS4: the first failure is final)',
    file: 'src/storage/log-pair.ts',
    find: '    this.#failure = reason;\n    for (const append',
    replace: '    for (const append',
    suite: LOG_PAIR,
  },
  {
    name: 'reopened-after-close',
    breaks: 'A database that the browser has closed goes on being used',
    file: 'src/storage/strict-store.ts',
    find: `  database.addEventListener('close', () => lose('the browser has closed and maybe deleted it'));\n`,
    replace: '',
    suite: STRICT_STORE,
  },
  {
    name: 'relaxed-durability',
    breaks: 'Transactions complete before they are on the medium',
    file: 'src/storage/strict-store.ts',
    find: "{ durability: 'strict' }",
    replace: "{ durability: 'relaxed' }",
    suite: STRICT_STORE,
  },
  {
    name: 'header-checksum-not-verified',
    breaks: 'A changed length passes for a record that was cut short',
    file: 'src/storage/frame.ts',
    find: '  if (!sameBytes(check, bytes.subarray(CHECK_AT, PAYLOAD_AT))) return null;\n',
    replace: '  if (check.length === 0) return null;\n',
    suite: RECORD_CODEC,
  },
  {
    name: 'frame-hash-not-verified',
    breaks: 'A record with changed bits passes for a good one',
    file: 'src/storage/frame.ts',
    find: '  if (!sameBytes(hash, whole.subarray(hashAt))) return',
    replace: '  if (hash.length === 0) return',
    suite: RECORD_CODEC,
  },
  {
    name: 'corruption-taken-for-the-end',
    breaks: 'Records lost in the middle pass for the end of the log (protocol-aware recovery)',
    file: 'src/storage/log-merge.ts',
    find: '    if (lastTrace > Math.max(-2, ...ends) + 1) throw',
    replace: '    if (lastTrace > Math.max(lastTrace, ...ends)) throw',
    suite: LOG_PAIR,
  },
  {
    name: 'two-histories-accepted',
    breaks: 'Where the copies differ one of them is chosen (LS3)',
    file: 'src/storage/log-merge.ts',
    find: '      else if (!sameBytes(frame.hash, known.hash)) throw contradiction(number, copies);\n',
    replace: '',
    suite: LOG_PAIR,
  },
  {
    name: 'mended-from-the-front',
    breaks: 'A mending that was cut off leaves what looks like a whole, shorter log',
    file: 'src/storage/indexeddb-copy.ts',
    find: '!this.#good.has(frame.sequence)).toReversed();',
    replace: '!this.#good.has(frame.sequence));',
    suite: LOG_PAIR,
  },
  {
    name: 'wiped-log-taken-for-fresh',
    breaks: 'A node whose logs are gone begins with an empty one under its old id',
    file: 'src/storage/node-storage.ts',
    find: '    if (!claim.logCreated) return await makeLog(found, claim, options);',
    replace: '    if (claim.nodeId.length > 0) return await makeLog(found, claim, options);',
    suite: NODE_STORAGE,
  },
  {
    name: 'recovery-under-the-old-id',
    breaks: 'A node that lost its log comes back under the id it voted with',
    file: 'src/storage/node-storage.ts',
    find: '      claim = await retireIdentity(claim, opened.reason, opened.keepFiles, options.newKey);\n',
    replace: '',
    suite: NODE_STORAGE,
  },
  {
    name: 'compacted-before-all-copies',
    breaks: 'The log before a whole record goes when one copy has that record (LS7)',
    file: 'src/storage/log-pair.ts',
    find: '        if (waiting > 0) return;\n        if (isHead(frame)) void',
    replace: '        if (waiting > 0 && !isHead(frame)) return;\n        if (isHead(frame)) void',
    suite: BOTH_COPIES,
  },
  {
    name: 'queue-drops-responses',
    breaks: 'A full queue of entries makes small answers be dropped too',
    file: 'src/transport/send-queue.ts',
    find: 'if (this.#controlBytes + bytes.length > LINK_CONTROL_QUEUE_BYTES) return false;',
    replace: 'if (this.#controlBytes + this.#dataBytes > LINK_CONTROL_QUEUE_BYTES) return false;',
    suite: SEND_QUEUE,
  },
];
