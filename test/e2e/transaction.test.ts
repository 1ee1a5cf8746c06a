/** Interactive transactions through several tabs at once, as users write them. */

import { expect } from 'vitest';

import { hashesAtOneIndex, test } from './harness.ts';
import type { Tab } from './tab.ts';

const ACCOUNTS = 10;
const BALANCE = 100;
const TRANSFERS = 50;
const ORDERS_PER_TAB = 6;
const LINES = 3;
const TIMEOUT_MS = 60_000;

test('50 transfers at once through 3 tabs keep the total; orders keep their lines', async ({
  cluster,
}) => {
  const { tabs } = cluster;
  await transferAtOnce(tabs);
  await orderAtOnce(tabs);
  expect(await hashesAtOneIndex(tabs)).toHaveLength(1);
});

/** What is written is computed in the page: an update that is lost would change the total. */
async function transferAtOnce(tabs: readonly Tab[]): Promise<void> {
  await tabs[0]?.db(
    (db, [accounts, balance]) =>
      db.execute([
        'create table account (id integer primary key, balance integer not null)',
        {
          sql: `insert into account with recursive n(id) as
          (values(1) union all select id + 1 from n where id < ?) select id, ? from n`,
          params: [accounts, balance],
        },
      ]),
    [ACCOUNTS, BALANCE] as const,
  );

  const transfer = (at: number) => ({
    from: 1 + (at % ACCOUNTS),
    to: 1 + ((at * 3 + 1) % ACCOUNTS),
    amount: 1 + (at % 30),
    timeoutMs: TIMEOUT_MS,
  });
  const transfers = Array.from({ length: TRANSFERS }, (_, at) => transfer(at)).map((one) =>
    one.to === one.from ? { ...one, to: 1 + (one.from % ACCOUNTS) } : one,
  );
  const began = performance.now();
  const retries = await Promise.all(
    transfers.map(async (one, at) =>
      tabs[at % tabs.length]?.db(async (db, { from, to, amount, timeoutMs }) => {
        let retried = 0;
        const onRetry = (): void => {
          retried += 1;
        };
        await db.transaction(
          async (tx) => {
            const balanceOf = async (id: number): Promise<number> => {
              const { rows } = await tx.query('select balance from account where id = ?', [id]);
              return Number(rows[0]?.[0]);
            };
            const [source, target] = [await balanceOf(from), await balanceOf(to)];
            await tx.sql`update account set balance = ${source - amount} where id = ${from}`;
            await tx.sql`update account set balance = ${target + amount} where id = ${to}`;
          },
          { timeoutMs, onRetry, maxAttempts: 1_000 },
        );
        return retried;
      }, one),
    ),
  );
  const total = retries.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const tookMs = Math.round(performance.now() - began);
  console.log(`${TRANSFERS} transfers took ${total} retries and ${tookMs} ms`);

  const expected = Array.from({ length: ACCOUNTS }, () => BALANCE);
  for (const { from, to, amount } of transfers) {
    expected[from - 1] = (expected[from - 1] ?? 0) - amount;
    expected[to - 1] = (expected[to - 1] ?? 0) + amount;
  }
  for (const tab of tabs) {
    const balances = await tab.rows('select balance from account order by id');
    expect(balances.flat()).toEqual(expected);
  }
}

/** An order's lines hang on the number that its own insert gave, never on a stranger's. */
async function orderAtOnce(tabs: readonly Tab[]): Promise<void> {
  await tabs[0]?.db((db) =>
    db.execute([
      'create table orders (id integer primary key, customer text unique)',
      `create table line (id integer primary key, customer text,
        order_id integer not null references orders deferrable initially deferred)`,
    ]),
  );
  await Promise.all(
    tabs.map(async (tab, number) =>
      tab.db(
        async (db, { number: at, orders, lines, timeoutMs }) => {
          const order = async (customer: string): Promise<void> => {
            await db.transaction(
              async (tx) => {
                const { lastInsertRowId } = await tx.execute({
                  sql: 'insert into orders (customer) values (?)',
                  params: [customer],
                });
                for (let line = 0; line < lines; line += 1) {
                  await tx.sql`insert into line (order_id, customer)
                    values (${lastInsertRowId}, ${customer})`;
                }
              },
              { timeoutMs, maxAttempts: 1_000 },
            );
          };
          const names = Array.from({ length: orders }, (_, one) => `${at}.${one}`);
          await Promise.all(names.map(order));
        },
        { number, orders: ORDERS_PER_TAB, lines: LINES, timeoutMs: TIMEOUT_MS },
      ),
    ),
  );
  const orders = ORDERS_PER_TAB * tabs.length;
  for (const tab of tabs) {
    const strangers = `select count(*) from line join orders on orders.id = order_id
      where line.customer is not orders.customer`;
    expect(await tab.rows(strangers)).toEqual([[0]]);
    const counts = 'select (select count(*) from orders), (select count(*) from line)';
    expect(await tab.rows(counts)).toEqual([[orders, orders * LINES]]);
  }
}

test('errors of a transaction come to its caller, and nothing of it stays', async ({ cluster }) => {
  const [tab] = cluster.tabs;
  if (tab === undefined) throw new Error('There is no tab.');
  await tab.db((db) =>
    db.execute([
      'create table parent (id integer primary key)',
      'create table child (p references parent deferrable initially deferred)',
    ]),
  );
  const atEnd = await tab.dbError((db) =>
    db.transaction((tx) => tx.sql`insert into child values (1)`),
  );
  expect([atEnd.code, atEnd.applied]).toEqual(['Sql', 'no']);
  const thrown = await tab.dbError((db) =>
    db.transaction(async (tx) => {
      await tx.sql`insert into parent values (1)`;
      throw new Error('never mind');
    }),
  );
  expect(thrown.message).toBe('never mind');
  const late = await tab.dbError((db) =>
    db.transaction(
      async (tx) => {
        await tx.sql`insert into parent values (2)`;
        return new Promise(() => undefined);
      },
      { timeoutMs: 300 },
    ),
  );
  expect([late.code, late.applied]).toEqual(['Timeout', 'no']);
  expect(await tab.rows('select * from parent')).toEqual([]);
});
