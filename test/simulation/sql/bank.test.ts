/**
 * A bank on the SQLite that ships, in a cluster under faults: transfers and reads of all balances by
 * interactive transactions are strictly serializable; and they would not be without the validation.
 */

import { beforeAll, describe, expect, test, vi } from 'vitest';
import { runBank, type BankReport } from '../../../src/simulation/sql/bank-run.ts';
import { loadNodeRuntime } from '../../../src/simulation/sql/runtime.ts';
import { SqlDatabases } from '../../../src/simulation/sql/sql-databases.ts';
import { DIGEST_BYTES } from '../../../src/sqlite/request-codec.ts';
import { TransactionRun } from '../../../src/sqlite/transaction-run.ts';

let databases: SqlDatabases;

beforeAll(async () => {
  databases = new SqlDatabases(await loadNodeRuntime());
});

describe('a bank', () => {
  test('is strictly serializable whatever goes wrong', { timeout: 120_000 }, () => {
    const reports = [6, 11].map((seed) => runBank(seed, databases));
    for (const report of reports) console.log(JSON.stringify(report));
    const total = (name: keyof BankReport): number =>
      reports.reduce((sum, report) => sum + report[name], 0);
    for (const name of ['transfers', 'reads', 'conflicts', 'crashes'] as const) {
      expect([name, total(name) > reports.length]).toEqual([name, true]);
    }
  });

  test('whose transactions are not validated is found out', { timeout: 60_000 }, () => {
    const { run } = TransactionRun.prototype;
    const spy = vi.spyOn(TransactionRun.prototype, 'run').mockImplementation(function (
      this: TransactionRun,
      statement,
    ) {
      return { ...run.call(this, statement), digest: new Uint8Array(DIGEST_BYTES) };
    });
    try {
      expect(() => runBank(6, databases)).toThrow(/strict serializability/);
    } finally {
      spy.mockRestore();
    }
  });
});
