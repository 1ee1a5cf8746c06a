/** A cell that is being edited: what is typed, saved once, and what is said where it was not. */

import { expect, test } from 'vitest';
import type { Database } from '../../../src/client/database.ts';
import { OpenEdit } from '../../../src/ui/database/open-edit.ts';

const COLUMN = {
  type: '',
  isRequired: false,
  isGenerated: false,
  defaultSql: null,
  refersTo: null,
};

function edit(): OpenEdit {
  const columns = [
    { ...COLUMN, name: 'id', isKey: true },
    { ...COLUMN, name: 'a', isKey: false },
  ];
  const table = { name: 't', kind: 'table', sql: '', columns, indexes: [], triggers: [] } as const;
  return new OpenEdit({ table, columns: ['id', 'a'], row: [7, 'one'], column: 'a' });
}

/** Answers as the test says, when it says so. */
class SlowDatabase {
  readonly params: unknown[] = [];
  #answer: (rowsAffected: number | Error) => void = () => undefined;

  get asked(): Pick<Database, 'execute'> {
    const execute = async ({ params }: { params: unknown }): Promise<unknown> => {
      this.params.push(params);
      const rowsAffected = await new Promise<number>((resolve, reject) => {
        this.#answer = (answer) => (typeof answer === 'number' ? resolve(answer) : reject(answer));
      });
      return { results: [{ rowsAffected }] };
    };
    return { execute } as unknown as Pick<Database, 'execute'>;
  }

  answer(rowsAffected: number | Error): void {
    this.#answer(rowsAffected);
  }
}

test('what is typed is written once, by the key and the former value', async () => {
  const [open, database] = [edit(), new SlowDatabase()];
  open.typed.value = { kind: 'text', text: 'two' };
  const saved = open.save(database.asked);
  expect([open.isBusy.value, await open.save(database.asked)]).toEqual([true, false]);
  database.answer(1);
  expect([await saved, open.isBusy.value, open.problem.value]).toEqual([true, false, null]);
  expect(database.params).toEqual([['two', 7, 'one']]);
});

test('that nothing was written is said where that is so', async () => {
  const [open, database] = [edit(), new SlowDatabase()];
  const saved = open.save(database.asked);
  database.answer(0);
  expect([await saved, open.problem.value]).toEqual([
    false,
    'The row has changed or gone meanwhile: nothing was written.',
  ]);
  const failed = open.save(database.asked);
  expect(open.problem.value).toBeNull();
  database.answer(new Error('the disk is full'));
  expect(await failed).toBe(false);
  expect(open.problem.value).toMatchObject({ message: expect.stringContaining('disk is full') });
});

test('what is no value is not written', async () => {
  const [open, database] = [edit(), new SlowDatabase()];
  open.typed.value = { kind: 'number', text: 'two' };
  expect([open.update, await open.save(database.asked), database.params]).toEqual([
    null,
    false,
    [],
  ]);
});
