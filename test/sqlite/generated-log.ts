/**
 * Logs made up by fast-check from the grammar that differential runs draw from, so that what fails is
 * shrunk to a few statements.
 */

import fc from 'fast-check';
import type { ExecuteRequest, StateRequest, Statement } from '../../src/node/sql.ts';
import { SCHEMA, VALUES, WITH_PARAMETERS } from '../../src/simulation/statements/grammar.ts';
import { fill, MODES, paramsFor } from '../../src/simulation/statements/statement-stream.ts';
import { KINDS } from '../../src/simulation/statements/templates.ts';
import { requestOf } from './log.ts';

function filled(template: string): fc.Arbitrary<Statement> {
  const picks: fc.Arbitrary<string>[] = [];
  fill(template, (choices) => {
    picks.push(fc.constantFrom(...choices));
    return '';
  });
  return fc.tuple(...picks).map((values) => {
    let at = 0;
    return { sql: fill(template, () => values[at++] ?? '') };
  });
}

const statement: fc.Arbitrary<Statement> = fc.oneof(
  ...KINDS.map(({ weight, templates }) => ({
    weight,
    arbitrary: fc.oneof(...templates.map(filled)),
  })),
  {
    weight: 25,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...WITH_PARAMETERS),
        fc.constantFrom(...VALUES),
        fc.oneof(fc.constantFrom(...VALUES), fc.double(), fc.string(), fc.uint8Array()),
      )
      .map(([sql, a, b]) => ({ sql, params: paramsFor(sql, a, b) })),
  },
);

const request: fc.Arbitrary<ExecuteRequest> = fc.record({
  statements: fc.array(statement, { minLength: 1, maxLength: 5 }),
  mode: fc.constantFrom(...MODES),
  foreignKeys: fc.boolean(),
  bail: fc.boolean(),
  rows: fc.boolean(),
});

const anyRequest: fc.Arbitrary<StateRequest> = fc.oneof(
  { arbitrary: request, weight: 12 },
  { arbitrary: fc.constant({ mode: 'vacuum' } as const), weight: 1 },
);

/** The schema's entry and some more. */
export const generatedLog: fc.Arbitrary<StateRequest[]> = fc
  .array(anyRequest, { minLength: 1, maxLength: 30 })
  .map((requests) => [requestOf(SCHEMA), ...requests]);
