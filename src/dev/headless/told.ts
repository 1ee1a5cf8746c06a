/**
 * Reads what the page tells of its node. The page is somebody else's program: what is not of the shape that
 * is asked for is not taken, and texts that are printed have nothing in them that a terminal would obey.
 */

import type { NodeReport, OpenFailure, Told } from './page-script.ts';

/** Of a node or a cluster. */
const ID = /^[a-z2-7]{10,32}$/;
const MAX_TEXT_CHARACTERS = 500;
const MAX_NAMES = 1_000;
const STATES = ['joining', 'running', 'stopped'] as const;
const REFUSALS = ['removed', 'invite'] as const;

type Fields = Readonly<Record<string, unknown>>;

class Misshapen extends Error {}

export function toldOf(told: unknown): Told {
  try {
    const fields = fieldsOf(told);
    return fields['type'] === 'failed' ? failureOf(fields) : reportOf(fields);
  } catch (error) {
    if (!(error instanceof Misshapen)) throw error;
    const message = `what it tells of its database is not understood: ${error.message}`;
    return { type: 'failed', code: 'Internal', message };
  }
}

/** On one line, and not too long. */
export function plainText(text: unknown): string {
  return String(text)
    .slice(0, MAX_TEXT_CHARACTERS)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** Null where it is none. */
export function idOf(value: unknown): string | null {
  return typeof value === 'string' && ID.test(value) ? value : null;
}

function failureOf(fields: Fields): OpenFailure {
  return {
    type: 'failed',
    code: plainText(fields['code']),
    message: plainText(fields['message']),
  };
}

function reportOf(fields: Fields): NodeReport {
  const text = (name: string): string => plainText(fields[name]);
  const textOrNull = (name: string): string | null => (fields[name] === null ? null : text(name));
  const count = (name: string): number => {
    const value = fields[name];
    return Number.isSafeInteger(value) ? Number(value) : misshapen(name);
  };
  const id = (name: string): string => idOf(fields[name]) ?? misshapen(name);
  const flag = (name: string): boolean => {
    const value = fields[name];
    return typeof value === 'boolean' ? value : misshapen(name);
  };
  return {
    type: 'status',
    clusterId: id('clusterId'),
    nodeId: id('nodeId'),
    state: STATES.find((state) => state === fields['state']) ?? misshapen('state'),
    stoppedReason: textOrNull('stoppedReason'),
    role: text('role'),
    term: count('term'),
    leaderId: fields['leaderId'] === null ? null : id('leaderId'),
    voters: listOf(fields, 'voters').map((voter) => idOf(voter) ?? misshapen('voters')),
    voterProfiles: count('voterProfiles'),
    connectedVoters: count('connectedVoters'),
    survivesLosses: count('survivesLosses'),
    survivesProfileLosses: count('survivesProfileLosses'),
    others: listOf(fields, 'others').map((other) => {
      const { nodeId, isAway } = fieldsOf(other);
      return { nodeId: idOf(nodeId) ?? misshapen('others'), isAway: isAway === true };
    }),
    quarantined: flag('quarantined'),
    stalledAt: fields['stalledAt'] === null ? null : count('stalledAt'),
    persisted: flag('persisted'),
    signalling: text('signalling'),
    refusal: REFUSALS.find((refusal) => refusal === fields['refusal']) ?? null,
    isOutdated: flag('isOutdated'),
  };
}

function listOf(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  return Array.isArray(value) && value.length <= MAX_NAMES ? value : misshapen(name);
}

function fieldsOf(value: unknown): Fields {
  if (typeof value === 'object' && value !== null) return value as Fields;
  throw new Misshapen('no object');
}

function misshapen(name: string): never {
  throw new Misshapen(name);
}
