/** How a page sends a file: what it asks the workers for, and what it does when they fail. */

import { describe, expect, test, vi } from 'vitest';
import type { ImportProgress } from '../../src/client/import.ts';
import { RpcFailure } from '../../src/client/rpc.ts';
import { failure, type ErrorCode } from '../../src/node/errors.ts';
import { IMPORT_CHUNK_BYTES, IMPORT_WINDOW_CHUNKS } from '../../src/node/limits.ts';
import type { ImportRequest, StateRequest } from '../../src/node/sql.ts';
import type { LogIndex, Term } from '../../src/raft/types.ts';
import { openFake, verdict } from './fake-database.ts';
import { errorOf, type FakeTab, resultOf } from './fake-workers.ts';

const CHUNKS = 20;
const SIZE = (CHUNKS - 1) * IMPORT_CHUNK_BYTES + 5;
const FILE = new Blob(['whatever it is']);

/** A cluster that takes up a file. */
class FakeStage {
  staged = 0;
  readonly modes: string[] = [];
  underWay = 0;
  mostUnderWay = 0;
  /** Called before a request is answered. */
  before: (request: ImportRequest) => Promise<void> | void = () => undefined;

  constructor(tab: FakeTab) {
    tab.readerMethods.openImport = async () => ({ hash: 'ab', sizeBytes: SIZE });
    tab.readerMethods.readImport = async (offset, length) =>
      new Uint8Array(Math.min(length, SIZE - offset));
    tab.nodeMethods.execute = (request) => this.#execute(request);
  }

  async #execute(request: StateRequest): Promise<never> {
    if (!('hash' in request)) throw new Error('no import');
    this.modes.push(request.mode);
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    try {
      await this.before(request);
    } finally {
      this.underWay -= 1;
    }
    const outcome = this.#outcomeOf(request);
    const response = { committed: true, outcomes: [outcome] };
    return { index: 9 as LogIndex, term: 1 as Term, response } as never;
  }

  #outcomeOf(request: ImportRequest): unknown {
    if (request.mode === 'import-chunk') {
      if (request.offset > this.staged) return errorOf('it does not follow');
      this.staged = Math.max(this.staged, request.offset + request.data.length);
    }
    return resultOf({ rowsAffected: this.staged });
  }

  count(mode: ImportRequest['mode']): number {
    return this.modes.filter((one) => one === mode).length;
  }
}

async function open() {
  const { db, tab } = await openFake();
  return { db, tab, stage: new FakeStage(tab) };
}

function failed(code: ErrorCode): RpcFailure {
  return new RpcFailure(failure(code, 'unknown', 'the cluster failed'));
}

describe('an import', () => {
  test('sends the file in order, a few chunks at a time, and tells how far it is', async () => {
    const { db, tab, stage } = await open();
    const told: ImportProgress[] = [];
    const answer = await db.import(FILE, { onProgress: (progress) => told.push(progress) });
    expect(answer).toEqual({ index: 9, hash: 'ab', bookmark: expect.stringMatching(/^b1\./) });
    expect(stage.staged).toBe(SIZE);
    expect(stage.count('import-chunk')).toBe(CHUNKS);
    expect(stage.mostUnderWay).toBeLessThanOrEqual(IMPORT_WINDOW_CHUNKS);
    expect([...new Set(told.map(({ phase }) => phase))]).toEqual(['check', 'send', 'apply']);
    expect(told.at(-1)).toEqual({ phase: 'apply', fraction: 1 });
    await db.status();
    expect(tab.calls).toContain('sql closeImport');
  });

  test('sends only what is not there yet', async () => {
    const { db, stage } = await open();
    stage.staged = 17 * IMPORT_CHUNK_BYTES;
    await db.import(FILE);
    expect(stage.count('import-chunk')).toBe(3);
  });

  test('goes on behind what passes, from where the cluster says it is', async () => {
    const { db, stage } = await open();
    let chunks = 0;
    stage.before = ({ mode }) => {
      if (mode !== 'import-chunk') return;
      chunks += 1;
      if (chunks === 5) throw failed('Timeout');
    };
    await db.import(FILE);
    expect(stage.staged).toBe(SIZE);
    expect(stage.count('import-begin')).toBe(2);
  });

  test('ends with what does not pass, and what was sent stays for the next time', async () => {
    const { db, stage } = await open();
    stage.before = ({ mode }) => {
      if (mode === 'import-chunk') throw failed('StorageLost');
    };
    expect(await verdict(db.import(FILE))).toBe('StorageLost no');
    expect(stage.count('import-discard')).toBe(0);
    stage.before = ({ mode }) => {
      if (mode === 'import-finish') throw failed('Timeout');
    };
    expect(await verdict(db.import(FILE))).toBe('Timeout unknown');
  });

  test('that is aborted has what was sent dropped, and the file closed', async () => {
    const { db, tab, stage } = await open();
    const aborting = new AbortController();
    stage.before = ({ mode }) => {
      if (mode === 'import-chunk' && stage.staged > 0) aborting.abort();
    };
    expect(await verdict(db.import(FILE, { signal: aborting.signal }))).toBe('Aborted no');
    await db.status();
    expect(stage.modes.at(-1)).toBe('import-discard');
    expect(tab.calls).toContain('sql closeImport');
    const calls = tab.calls.length;
    expect(await verdict(db.import(FILE, { signal: aborting.signal }))).toBe('Aborted no');
    tab.readerMethods.openImport = () => new Promise(() => undefined);
    const early = new AbortController();
    const importing = verdict(db.import(FILE, { signal: early.signal }));
    await vi.waitFor(() => expect(tab.calls.slice(calls)).toContain('sql openImport'));
    early.abort();
    expect(await importing).toBe('Aborted no');
    await db.status();
    expect(tab.calls.slice(calls)).toContain('sql closeImport');
  });

  test('that is aborted when all is sent changes nothing, and behind that is not ended any more', async () => {
    const { db, stage } = await open();
    const early = new AbortController();
    const onProgress = ({ phase }: ImportProgress): void => {
      if (phase === 'apply') early.abort();
    };
    const { signal } = early;
    expect(await verdict(db.import(FILE, { signal, onProgress }))).toBe('Aborted no');
    await db.status();
    expect(stage.modes.slice(-2)).toEqual(['import-chunk', 'import-discard']);
    const late = new AbortController();
    stage.before = ({ mode }) => {
      if (mode === 'import-finish') late.abort();
    };
    expect(await db.import(FILE, { signal: late.signal })).toMatchObject({ index: 9 });
    expect(stage.modes.at(-1)).toBe('import-finish');
  });

  test('that was aborted before it began closes nobody else’s file', async () => {
    const { db, tab } = await open();
    const signal = AbortSignal.abort();
    await expect(db.import(FILE, { signal })).rejects.toMatchObject({ code: 'Aborted' });
    await expect(db.export({ signal })).rejects.toMatchObject({ code: 'Aborted' });
    await db.hash();
    expect(tab.calls).toEqual(['sql hash']);
  });

  test('that the worker refuses closes nobody else’s file', async () => {
    const { db, tab } = await open();
    tab.readerMethods.openImport = async () => {
      throw new RpcFailure(failure('Overloaded', 'no', 'one at a time'));
    };
    expect(await verdict(db.import(FILE))).toBe('Overloaded no');
    await db.status();
    expect(tab.calls).not.toContain('sql closeImport');
    expect(await verdict(db.import('text' as never))).toBe('InvalidArgument no');
  });
});
