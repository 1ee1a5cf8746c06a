/** Whatever stands in the body of an entry is an answer, and the same one on every node. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SEED_BYTES } from '../../src/node/command.ts';
import type { StateRequest } from '../../src/node/sql.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { DIGEST_BYTES, encodeRequest } from '../../src/sqlite/request-codec.ts';
import { makeFile } from './files.ts';
import { HASH, importOf } from './import-log.ts';
import { executeEntry, registration, requestOf, STAMP_MS } from './log.ts';
import { openLocal } from './machine.ts';
import { loadTestRuntime, newName } from './support.ts';

const runtime = await loadTestRuntime();

function requests(): StateRequest[] {
  const insert = { sql: 'INSERT INTO t VALUES(?)', params: [1.5] };
  return [
    requestOf(['CREATE TABLE IF NOT EXISTS t(a)', insert, 'SELECT random()']),
    {
      mode: 'transaction',
      stampMs: STAMP_MS,
      seed: new Uint8Array(SEED_BYTES),
      statements: [insert],
      digests: [new Uint8Array(DIGEST_BYTES)],
    },
    { mode: 'import-discard', hash: HASH },
    ...importOf(makeFile(runtime, ['CREATE TABLE z(a)']), 5_000),
  ];
}

/** A newer build may read what this one cannot. */
const MAX_VERSION = 2;

it('a body with any bytes', { timeout: 60_000 }, () => {
  const sound = requests().map(encodeRequest);
  const edit = fc.tuple(fc.nat(45), fc.oneof(fc.constantFrom(0, 1, 2, 255), fc.nat(255)));
  const body = fc
    .tuple(fc.constantFrom(...sound), fc.array(edit, { maxLength: 3 }), fc.nat(200))
    .map(([bytes, edits, cut]) => {
      const changed = cut < 30 ? bytes.slice(0, cut) : bytes.slice();
      for (const [at, value] of edits) if (at < changed.length) changed[at] = value;
      if ((changed[0] ?? 0) > MAX_VERSION) changed[0] = MAX_VERSION;
      return changed;
    });
  const property = fc.property(fc.array(body, { minLength: 20, maxLength: 60 }), (bodies) => {
    const entries = bodies.map((one, at) => executeEntry(at + 2, { sequence: at + 1, body: one }));
    const log = [registration(1), ...entries];
    const hashes = [log.length, 1].map((batch) => {
      const { state } = openLocal(runtime, newName(), 0);
      for (let at = 0; at < log.length; at += batch) {
        expect(state.apply(log.slice(at, at + batch))).toMatchObject({ type: 'applied' });
      }
      const hash = hashDatabase(state.database);
      state.close();
      return hash;
    });
    expect(hashes[0]).toBe(hashes[1]);
  });
  fc.assert(property, { numRuns: 10 });
});
