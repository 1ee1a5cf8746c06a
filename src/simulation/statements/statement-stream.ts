/**
 * An endless stream of requests from a seed: the grammar's statements in entries of every mode. The
 * same seed gives the same stream, whatever is done with it.
 */

import type { ExecuteMode, ExecuteRequest, SqlParams, Statement } from '../../node/sql.ts';
import { MILLION, type Random } from '../random.ts';
import { CHOICES, SCHEMA, TIDYING, VALUES, WITH_PARAMETERS, type Kind } from './grammar.ts';
import { KINDS, RUNAWAY } from './templates.ts';

export const MODES: readonly ExecuteMode[] = ['atomic', 'each', 'script'];

export interface StreamOptions {
  /** Whether statements are among them that exceed a lowered budget of steps. */
  readonly runaways: boolean;
}

const STATEMENTS_MAX = 12;
/** One request of so many tidies. */
const TIDYING_INTERVAL = 40;
const PARAMETERS_PER_MILLION = MILLION / 12;
const RUNAWAYS_PER_MILLION = MILLION / 2_000;

export class StatementStream {
  readonly #random: Random;
  readonly #options: StreamOptions;
  readonly #deck: readonly Kind[];
  #requests = 0;

  constructor(random: Random, options: StreamOptions) {
    this.#random = random;
    this.#options = options;
    this.#deck = KINDS.flatMap((kind) => Array.from({ length: kind.weight }, () => kind));
  }

  next(): ExecuteRequest {
    this.#requests += 1;
    if (this.#requests === 1) return requestOf(SCHEMA.map(plain), 'atomic');
    if (this.#requests % TIDYING_INTERVAL === 0) return requestOf(TIDYING.map(plain), 'each');
    const random = this.#random;
    const count = random.between(1, STATEMENTS_MAX);
    return {
      statements: Array.from({ length: count }, () => this.#statement()),
      mode: random.pick(MODES),
      foreignKeys: !random.chance(MILLION / 4),
      bail: random.chance(MILLION / 4),
      rows: !random.chance(MILLION / 4),
    };
  }

  #statement(): Statement {
    const random = this.#random;
    if (random.chance(PARAMETERS_PER_MILLION)) return this.#withParameters();
    const { runaways } = this.#options;
    const kind =
      runaways && random.chance(RUNAWAYS_PER_MILLION) ? RUNAWAY : random.pick(this.#deck);
    return { sql: fill(random.pick(kind.templates), (choices) => random.pick(choices)) };
  }

  #withParameters(): Statement {
    const random = this.#random;
    const sql = random.pick(WITH_PARAMETERS);
    return { sql, params: paramsFor(sql, random.pick(VALUES), random.pick(VALUES)) };
  }
}

/** The template with a choice in place of every name. */
export function fill(template: string, pick: (choices: readonly string[]) => string): string {
  return template.replaceAll(/@(\w+)/g, (_whole, name: string) => {
    const choices = CHOICES[name];
    if (choices === undefined) throw new Error(`no choices for @${name} in ${template}`);
    return pick(choices);
  });
}

/** Two values as the statement names them. */
export function paramsFor(sql: string, a: Value, b: Value): SqlParams {
  return sql.includes('?') ? [a, b] : { a, b };
}

type Value = (typeof VALUES)[number];

function plain(sql: string): Statement {
  return { sql };
}

function requestOf(statements: readonly Statement[], mode: ExecuteMode): ExecuteRequest {
  return { statements, mode, foreignKeys: true, bail: false, rows: true };
}
