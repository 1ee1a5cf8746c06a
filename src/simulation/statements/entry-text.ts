/** Entries and answers of a differential run as text, for whoever has to find out why two differ. */

import { decodeCommand, type CommandOutcome } from '../../node/command.ts';
import type { Entry } from '../../raft/types.ts';
import { decodeRequest } from '../../sqlite/request-codec.ts';
import { decodeResponse } from '../../sqlite/response-codec.ts';

const LENGTH_MAX = 4_000;

export function describeEntry(entry: Entry): string {
  if (entry.type !== 'command') return entry.type;
  const command = decodeCommand(entry.data);
  if (command.type !== 'execute' || command.body.length === 0) return json(command);
  return json(decodeRequest(command.body));
}

export function describeOutcome(outcome: CommandOutcome): string {
  if (outcome.type !== 'executed' || outcome.response.length === 0) return json(outcome);
  return json(decodeResponse(outcome.response));
}

/** How many statements of an answer failed. */
export function failuresIn(response: Uint8Array): number {
  if (response.length === 0) return 0;
  return decodeResponse(response).outcomes.filter(({ type }) => type === 'error').length;
}

function json(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (part instanceof Uint8Array) return `x'${Buffer.from(part).toString('hex')}'`;
    return part;
  });
  return text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}…` : text;
}
