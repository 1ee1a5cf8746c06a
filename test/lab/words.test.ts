/** What the Lab calls servers, entries and messages. */

import { describe, expect, test } from 'vitest';
import { Names } from '../../src/lab/names.ts';
import {
  configurationText,
  cut,
  entryLabel,
  messageText,
  messageType,
} from '../../src/lab/words.ts';
import { encodeCommand } from '../../src/node/command.ts';
import { EMPTY_CONFIGURATION } from '../../src/raft/configuration.ts';
import type { Entry, LogIndex, Term } from '../../src/raft/types.ts';
import { encodeWrite } from '../../src/simulation/model.ts';
import { nodeIdOf } from '../../src/simulation/server.ts';
import { World } from '../../src/simulation/world.ts';

const world = new World({ seed: 1, text: null });
for (let i = 0; i < 6; i += 1) world.addServer([]);
const names = new Names(world);
const ids = (...numbers: readonly number[]) => numbers.map(nodeIdOf);
const header = { index: 4 as LogIndex, term: 2 as Term };

describe('servers', () => {
  test.each([
    [[0], 'S1'],
    [[1, 0], 'S1 S2'],
    [[0, 1, 2], 'S1–S3'],
    [[0, 2, 3, 4, 5], 'S1 S3–S6'],
    [[], ''],
  ])('%j are %s', (numbers, text) => {
    expect(names.listOf(ids(...numbers))).toBe(text);
  });

  test('that come later have names, and strangers have none', () => {
    expect(names.nameOf(nodeIdOf(9))).toBe('nobody');
    const server = world.addServer([]);
    expect(names.nameOf(server.nodeId)).toBe('S7');
  });
});

test('a configuration names voters, learners, and both sides while it is joint', () => {
  const voters = ids(0, 1, 2);
  const one = { ...EMPTY_CONFIGURATION, voters, learners: ids(3) };
  expect(configurationText(one, names)).toBe('S1–S3 + S4');
  const joint = { ...one, voters: ids(0, 1, 2, 3, 4), outgoingVoters: voters, learners: [] };
  expect(configurationText(joint, names)).toBe('S1–S3 → S1–S5');
});

describe('an entry', () => {
  const command = (data: Uint8Array): Entry => ({ ...header, type: 'command', data });
  const execute = (body: Uint8Array): Entry =>
    command(
      encodeCommand({
        type: 'execute',
        stampMs: 1,
        seed: new Uint8Array(16),
        session: { sessionId: 3 as LogIndex, sequence: 1, lowestUnanswered: 1 },
        body,
      }),
    );

  test.each<[string, Entry]>([
    ['no-op', { ...header, type: 'noop' }],
    ['append 7', execute(encodeWrite({ type: 'append', key: 0, value: 7 }))],
    ['swap 8', execute(encodeWrite({ type: 'swap', key: 1, value: 8 }))],
    ['nothing', execute(new Uint8Array(0))],
    ['SQL', execute(new Uint8Array([9, 9, 9]))],
    ['session', command(encodeCommand({ type: 'register-session', nonce: 1, durable: false }))],
    ['state check', command(encodeCommand({ type: 'check-state', stampMs: 1 }))],
    ['unknown', command(new Uint8Array([99, 1]))],
    ['skip 3', command(encodeCommand({ type: 'skip', index: 3 as LogIndex }))],
  ])('is called %s', (label, entry) => {
    expect(entryLabel(entry, names)).toBe(label);
  });
});

test('AppendEntries without entries are heartbeats, and entries are named', () => {
  const [from, to] = [nodeIdOf(0), nodeIdOf(1)];
  const message = {
    type: 'append-entries',
    from,
    to,
    term: 2 as Term,
    prevLogIndex: 3 as LogIndex,
    prevLogTerm: 1 as Term,
    leaderCommit: 3 as LogIndex,
    round: 1,
  } as const;
  const empty = { ...message, entries: [] };
  expect([messageType(empty), messageText(empty, names)]).toEqual([
    'heartbeat',
    'behind 3, commit 3',
  ]);
  const full = { ...message, entries: [{ ...header, type: 'noop' as const }] };
  expect(messageType(full)).toBe('append-entries');
  expect(messageText(full, names)).toBe('4 behind 3 of term 1, commit 3');
});

test('what is too long is cut, and says so', () => {
  expect(cut('abcdef', 6)).toBe('abcdef');
  expect(cut('abcdefg', 6)).toBe('abcde…');
});
