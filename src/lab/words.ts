/** Entries and messages in a few words, for people. */

import { decodeCommand, type Command } from '../node/command.ts';
import type { NodeMessage } from '../node/messages.ts';
import type { Configuration, Entry } from '../raft/types.ts';
import { decodeWrite } from '../simulation/model.ts';
import type { Names } from './names.ts';
import type { LabMessageType } from './protocol.ts';

const LABEL_CHARACTERS = 24;
const TEXT_CHARACTERS = 60;

/** At most `characters`, with a sign where something is left out. */
export function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}

export function entryLabel(entry: Entry, names: Names): string {
  switch (entry.type) {
    case 'noop':
      return 'no-op';
    case 'configuration':
      return cut(configurationText(entry.configuration, names), LABEL_CHARACTERS);
    case 'command':
      return cut(commandText(entry.data), LABEL_CHARACTERS);
  }
}

/** `S1–S3 + S4`: voters, and learners behind them; joint: `S1–S3 → S1–S5`. */
export function configurationText(configuration: Configuration, names: Names): string {
  const { voters, outgoingVoters, learners } = configuration;
  const before = outgoingVoters.length === 0 ? '' : `${names.listOf(outgoingVoters)} → `;
  const behind = learners.length === 0 ? '' : ` + ${names.listOf(learners)}`;
  return `${before}${names.listOf(voters)}${behind}`;
}

/** Null: of a version that this build does not know. */
function decodeOrNull(data: Uint8Array): Command | null {
  try {
    return decodeCommand(data);
  } catch {
    return null;
  }
}

function commandText(data: Uint8Array): string {
  const command = decodeOrNull(data);
  if (command === null) return 'unknown';
  switch (command.type) {
    case 'execute':
      return command.body.length === 0 ? 'nothing' : bodyText(command.body);
    case 'register-session':
      return 'session';
    case 'close-session':
      return 'end of a session';
    case 'check-state':
      return 'state check';
    case 'skip':
      return `skip ${command.index}`;
    case 'adopt-build':
      return `build ${command.build}`;
  }
}

/** What is no write of the model's is one of SQLite's. */
function bodyText(body: Uint8Array): string {
  try {
    const write = decodeWrite(body);
    return write.type === 'append' ? `append ${write.value}` : `${write.type} ${write.value}`;
  } catch {
    return 'SQL';
  }
}

export function messageType(message: NodeMessage): LabMessageType {
  const isEmpty = message.type === 'append-entries' && message.entries.length === 0;
  return isEmpty ? 'heartbeat' : message.type;
}

export function messageTerm(message: NodeMessage): number | null {
  return 'term' in message ? message.term : null;
}

/** What it says besides its type and its term. */
export function messageText(message: NodeMessage, names: Names): string {
  return cut(describe(message, names), TEXT_CHARACTERS);
}

function describe(message: NodeMessage, names: Names): string {
  switch (message.type) {
    case 'pre-vote':
    case 'request-vote':
      return `my log ends at ${message.lastLogIndex} of term ${message.lastLogTerm}`;
    case 'pre-vote-response':
    case 'request-vote-response':
      return message.voteGranted ? 'granted' : 'refused';
    case 'append-entries':
      return appendText(message);
    case 'append-entries-response':
      return message.success
        ? `I have ${message.matchIndex}`
        : `no: try from ${message.conflictIndex}`;
    case 'install-snapshot':
      return `state at ${message.lastIncludedIndex}, byte ${message.offset} of ${message.sizeBytes}`;
    case 'install-snapshot-response':
      return message.isRefused ? 'I have as much' : `I have ${message.offset} bytes`;
    case 'timeout-now':
      return 'campaign at once';
    case 'read-index-request':
      return 'from which index may I read?';
    case 'read-index-response':
      return message.success ? `from ${message.index}` : 'I do not lead';
    case 'propose':
      return message.proposal.type === 'execute' ? 'a write of a client' : message.proposal.type;
    case 'propose-refused':
      return message.reason;
    case 'join-request':
      return `${names.nameOf(message.nodeId)} asks to join`;
    case 'join-response':
      return message.leaderId === null ? 'no leader' : `${names.nameOf(message.leaderId)} leads`;
    case 'removed':
      return 'you are no member';
    case 'configuration-notice':
      return configurationText(message.configuration, names);
    case 'administration-request':
      return message.administration.type;
    case 'administration-response':
      return message.error === null ? 'done' : message.error.message;
    case 'state-hash':
      return `state at ${message.index}`;
    case 'snapshot-request':
      return 'my state is lost';
    case 'announce':
      return 'how I am, for display';
  }
}

type AppendEntries = Extract<NodeMessage, { readonly type: 'append-entries' }>;

function appendText({ entries, prevLogIndex, prevLogTerm, leaderCommit }: AppendEntries): string {
  const [first] = entries;
  const last = entries.at(-1);
  const commit = `commit ${leaderCommit}`;
  if (first === undefined || last === undefined) return `behind ${prevLogIndex}, ${commit}`;
  const which = first === last ? `${first.index}` : `${first.index}–${last.index}`;
  return `${which} behind ${prevLogIndex} of term ${prevLogTerm}, ${commit}`;
}
