/** When migrations wait, for whom, and how that ends; the cluster is played. */

import { describe, expect, test, vi } from 'vitest';
import { checkTimeout } from '../../src/client/arguments.ts';
import { ResqliteError } from '../../src/client/errors.ts';
import type { Migration } from '../../src/client/migration.ts';
import { knownMigrations } from '../../src/client/migration-records.ts';
import { migrate, type MigrationPorts } from '../../src/client/migration-run.ts';
import { failure, type Applied, type ErrorCode } from '../../src/node/errors.ts';
import type { SqlValue } from '../../src/node/sql.ts';
import { MAX_RESPONSE_BYTES } from '../../src/node/limits.ts';
import type { LogIndex, Term } from '../../src/raft/types.ts';
import { ResponseBuilder } from '../../src/sqlite/response-builder.ts';
import { decodeResponse, encodeOutcome } from '../../src/sqlite/response-codec.ts';
import { errorOfCall, verdict } from './fake-database.ts';
import { errorOf, resultOf } from './fake-workers.ts';

const LIST: Migration[] = ['one', 'two', 'three'].map((name) => ({ name, up: `-- ${name}` }));

type Fault = ErrorCode | 'overtaken' | { readonly code: ErrorCode; readonly applied: Applied };

/** Its clock stands still until the fake has it run down. */
const TIMEOUT_MS = 2_000;

class FakeCluster {
  /** How many of the list this tab's copy has, and how many are committed. */
  own = 0;
  committed = 0;
  readonly calls: string[] = [];
  /** What asking for what is committed fails with, one after the other; the last one stays. */
  readFaults: ErrorCode[] = [];
  /** What applying fails with, one after the other; null, and beyond: not at all. */
  readonly applyFaults: (Fault | null)[] = [];
  readonly ports: MigrationPorts = {
    query: async (_, { level = 'linearizable' }) => {
      this.calls.push(level);
      if (level !== 'none') this.#meet();
      const rows = await recordsOf(level === 'none' ? this.own : this.committed);
      const appliedIndex = (level === 'none' ? 5 : 50) as LogIndex;
      const bookmark = '';
      return { columns: [], rows, level, appliedIndex, bookmark, mayBeStale: false };
    },
    split: async () => [],
    execute: async ({ statements }) => {
      const [, record] = statements;
      const version = Number(Object.entries(record?.params ?? {})[0]?.[1]);
      this.calls.push(`apply ${version}`);
      const fault = this.applyFaults.shift() ?? null;
      if (fault === 'overtaken') {
        const { error } = errorOf('overtaken');
        const sqlite = { ...error.sqlite, resultCode: 1555 };
        const refused = { type: 'error', error: { ...error, sqlite } } as const;
        return answered({ committed: false, outcomes: [resultOf(), refused] });
      }
      if (fault !== null) throw failed(fault);
      this.committed = version;
      return answered({ committed: true, outcomes: [] });
    },
    transact: () => Promise.reject(new Error('there are no functions')),
    bookmark: String,
  };

  migrate(options: { timeoutMs?: number; signal?: AbortSignal } = {}) {
    return migrate(this.ports, LIST, options);
  }

  /** The time is up as soon as it was asked so often. */
  migrateUntil(calls: number) {
    const startMs = performance.now();
    const clock = vi.spyOn(performance, 'now');
    clock.mockImplementation(() => startMs + (this.calls.length < calls ? 0 : TIMEOUT_MS));
    return this.migrate({ timeoutMs: TIMEOUT_MS }).finally(() => clock.mockRestore());
  }

  #meet(): void {
    const [fault] = this.readFaults;
    if (this.readFaults.length > 1) this.readFaults.shift();
    if (fault !== undefined && fault !== 'Internal') throw failed(fault);
  }
}

/** In `readFaults`: there is none any more. */
const GOES_WELL: ErrorCode = 'Internal';

const answered = (response: Awaited<ReturnType<MigrationPorts['execute']>>['response']) => ({
  index: 51 as LogIndex,
  term: 1 as Term,
  response,
});

function failed(fault: Exclude<Fault, 'overtaken'>): ResqliteError {
  const { code, applied } =
    typeof fault === 'string' ? ({ code: fault, applied: 'no' } as const) : fault;
  return new ResqliteError(failure(code, applied, `it was ${code}`));
}

/** Of the first ones of the list, or of more. */
async function recordsOf(count: number): Promise<SqlValue[][]> {
  const more = Array.from({ length: 3 }, (_, at) => ({ name: `more-${at}`, up: '' }));
  const all = await knownMigrations([...LIST, ...more]);
  return all.slice(0, count).map(({ version, name, hash }) => [version, name, hash]);
}

function clusterWith(changes: Partial<FakeCluster>): FakeCluster {
  return Object.assign(new FakeCluster(), changes);
}

describe('without a majority', () => {
  test('what this tab’s copy has needs nobody: it resolves at once', async () => {
    const cluster = clusterWith({ own: 3, readFaults: ['NoQuorum'] });
    expect(await cluster.migrate()).toEqual({ version: 3, applied: [], bookmark: '5' });
    expect(cluster.calls).toEqual(['none']);
  });

  test('what is missing waits for one, as long as there is time, and has not been applied', async () => {
    const cluster = clusterWith({ own: 1, readFaults: ['NoQuorum'] });
    const error = await errorOfCall(cluster.migrateUntil(4));
    expect(error).toMatchObject({ code: 'NoQuorum', applied: 'no' });
    expect(error.migration).toEqual({ version: 2, name: 'two', sql: null });
    expect(error.message).toBe('migration 2 ("two") was not confirmed: it was NoQuorum');
    expect(cluster.calls.filter((call) => call === 'linearizable').length).toBeGreaterThan(1);
    expect(cluster.calls).not.toContain('apply 2');
  });

  test('and goes on when it is there', async () => {
    const readFaults: ErrorCode[] = ['NoQuorum', 'Timeout', 'Quarantined', 'Overloaded', GOES_WELL];
    const cluster = clusterWith({ readFaults });
    expect(await cluster.migrate()).toMatchObject({ version: 3, applied: ['one', 'two', 'three'] });
    expect(cluster.calls.slice(-4)).toEqual(['linearizable', 'apply 1', 'apply 2', 'apply 3']);
  });

  test('and as long as it takes where that is what the caller says', async () => {
    const cluster = clusterWith({ readFaults: ['NoQuorum', 'Timeout', GOES_WELL] });
    const limits: (number | undefined)[] = [];
    const { execute } = cluster.ports;
    Object.assign(cluster.ports, {
      execute: (...args: Parameters<typeof execute>) => {
        limits.push(args[1].timeoutMs);
        return execute(...args);
      },
    });
    expect(await cluster.migrate({ timeoutMs: Infinity })).toMatchObject({ version: 3 });
    // Whoever does it takes these.
    expect(limits.map(checkTimeout)).toEqual(limits);
    for (const timeoutMs of [-Infinity, Number.NaN, 0]) {
      expect(await verdict(cluster.migrate({ timeoutMs }))).toBe('InvalidArgument no');
    }
  });

  test('a schema that is newer in this tab’s copy counts as it is', async () => {
    const cluster = clusterWith({ own: 4, readFaults: ['NoQuorum'] });
    expect(await verdict(cluster.migrate())).toBe('NewerSchema no');
    expect(cluster.calls).toEqual(['none', 'linearizable']);
  });

  test('a write whose answer never came may yet take effect', async () => {
    const cluster = clusterWith({ readFaults: [GOES_WELL, 'NoQuorum'] });
    cluster.applyFaults.push(null, { code: 'Timeout', applied: 'unknown' });
    const error = await errorOfCall(cluster.migrateUntil(6));
    expect(error).toMatchObject({ code: 'NoQuorum', applied: 'unknown' });
    expect(error.migration).toEqual({ version: 2, name: 'two', sql: null });
  });

  test('an abort ends the wait, at once', async () => {
    const cluster = clusterWith({ readFaults: ['NoQuorum'] });
    const { signal } = endAfter(cluster, 3);
    expect(await verdict(cluster.migrate({ signal }))).toBe('Aborted no');
    const other = clusterWith({ readFaults: [GOES_WELL, 'NoQuorum'] });
    other.applyFaults.push({ code: 'NoQuorum', applied: 'unknown' });
    expect(await verdict(other.migrate({ signal: endAfter(other, 4).signal }))).toBe(
      'Aborted unknown',
    );
  });
});

/** Fires when the cluster was asked so often. */
function endAfter(cluster: FakeCluster, calls: number): AbortController {
  const ending = new AbortController();
  const { query } = cluster.ports;
  Object.assign(cluster.ports, {
    query: async (...args: Parameters<typeof query>) => {
      if (cluster.calls.length + 1 >= calls) setTimeout(() => ending.abort(), 1);
      return query(...args);
    },
  });
  return ending;
}

describe('with a majority', () => {
  test('what others have applied, and this tab’s copy lacks, is waited for and not applied', async () => {
    const cluster = clusterWith({ committed: 3 });
    expect(await cluster.migrate()).toEqual({ version: 3, applied: [], bookmark: '50' });
    expect(cluster.calls).toEqual(['none', 'linearizable']);
  });

  test('a schema that an import took back is no newer one, whatever this tab’s copy says', async () => {
    const cluster = clusterWith({ own: 4, committed: 2 });
    expect(await cluster.migrate()).toMatchObject({ version: 3, applied: ['three'] });
    expect(cluster.calls).toEqual(['none', 'linearizable', 'linearizable', 'apply 3']);
  });

  test('a schema that is newer is told', async () => {
    expect(await verdict(clusterWith({ committed: 5 }).migrate())).toBe('NewerSchema no');
  });

  test('whoever was faster is let be', async () => {
    const cluster = clusterWith({});
    cluster.applyFaults.push(null, 'overtaken');
    const { execute } = cluster.ports;
    Object.assign(cluster.ports, {
      execute: async (...args: Parameters<typeof execute>) => {
        const answer = await execute(...args);
        if (!answer.response.committed) cluster.committed = 3;
        return answer;
      },
    });
    expect(await cluster.migrate()).toMatchObject({ version: 3, applied: ['one'] });
    expect(cluster.calls).toEqual(['none', 'linearizable', 'apply 1', 'apply 2', 'linearizable']);
  });

  test('records that refuse, and say nothing else than before, are not asked for ever', async () => {
    const cluster = clusterWith({});
    cluster.applyFaults.push(...Array.from({ length: 1_000 }, () => 'overtaken' as const));
    expect(await verdict(cluster.migrate({ timeoutMs: 100 }))).toBe('Timeout no');
    expect(cluster.calls.length).toBeLessThan(50);
  });

  test('what does not pass by itself ends it', async () => {
    for (const code of ['Closed', 'StorageLost', 'Removed', 'Diverged'] as const) {
      const reading = clusterWith({ readFaults: [code] });
      expect(await verdict(reading.migrate())).toBe(`${code} no`);
      const applying = clusterWith({});
      applying.applyFaults.push({ code, applied: 'unknown' });
      expect(await verdict(applying.migrate())).toBe(`${code} unknown`);
      expect(applying.calls).toEqual(['none', 'linearizable', 'apply 1']);
    }
  });

  test('one that failed late, when no room was left for the error, is blamed on no statement', async () => {
    const cluster = clusterWith({});
    const builder = new ResponseBuilder();
    const answers = 2 * MAX_RESPONSE_BYTES;
    for (let bytes = 0; bytes < answers; bytes += encodeOutcome(resultOf()).length) {
      builder.add(resultOf());
    }
    builder.add(errorOf('no such table: missing'));
    const response = decodeResponse(builder.finish(false));
    Object.assign(cluster.ports, { execute: async () => answered(response) });
    const error = await errorOfCall(cluster.migrate());
    expect(error).toMatchObject({ code: 'TooLarge', applied: 'no', statement: null });
    expect(error.migration).toEqual({ version: 1, name: 'one', sql: null });
    expect(error.message).toMatch(/which one and why is lost.*\. Cut it into several migrations$/);
  });

  test('an entry that an operator had skipped has no effect', async () => {
    const cluster = clusterWith({});
    Object.assign(cluster.ports, {
      execute: async () => {
        const { error } = errorOf('skipped');
        const outcome = { type: 'error', error: { ...error, code: 'Skipped' } } as const;
        return answered({ committed: false, outcomes: [outcome] });
      },
    });
    const error = await errorOfCall(cluster.migrate());
    expect(error).toMatchObject({ code: 'Skipped', applied: 'no' });
    expect(error.migration).toEqual({ version: 1, name: 'one', sql: null });
  });
});
