/**
 * What tabs of one browser profile say to each other while one of them shows the cluster. Each tab may
 * be of another version of the page, so whatever is not exactly of this shape is nothing.
 */

import type { Inspection, NodeEvent } from '../../node/inspection.ts';
import type { NodeStatus } from '../../node/status.ts';
import {
  flag,
  listOf,
  number,
  numberOrNull,
  oneOf,
  orNull,
  shape,
  text,
  textOrNull,
  type Check,
} from './shapes.ts';
import { STOP_REASONS, type StopReason } from './stop-reason.ts';

export type NodeId = NodeStatus['nodeId'];

/** What a tab is asked to do to its own node. */
export type TabCommand =
  | { readonly type: 'isolate'; readonly on: boolean }
  | { readonly type: 'cut-link'; readonly peer: NodeId; readonly on: boolean }
  | { readonly type: 'delay'; readonly delayMs: number }
  | { readonly type: 'crash' }
  | { readonly type: 'reload' };

/** A tab that is there, whether or not its node runs. */
export interface TabPresence {
  readonly nodeId: NodeId;
  readonly isRunning: boolean;
  /** Null: it runs, or nothing is known of it yet. */
  readonly stopReason: StopReason | null;
  readonly isVisible: boolean;
  /** Members that its node has links with. */
  readonly linked: readonly NodeId[];
}

export type ShareMessage =
  /** A page shows the cluster; said again and again. `isNew`: it is to hear what nodes still keep. */
  | { readonly type: 'watching'; readonly isNew: boolean }
  | { readonly type: 'presence'; readonly presence: TabPresence }
  /** The page of that node goes. */
  | { readonly type: 'gone'; readonly nodeId: NodeId }
  | { readonly type: 'inspection'; readonly inspection: Inspection }
  | { readonly type: 'command'; readonly nodeId: NodeId; readonly command: TabCommand };

const VERSION = 1;
/** As `Database.faults.delay` takes it. */
const LONGEST_DELAY_MS = 5_000;

export function packMessage(message: ShareMessage): unknown {
  return { version: VERSION, ...message };
}

/** Null: it is none of these. */
export function readMessage(data: unknown): ShareMessage | null {
  if (!isVersioned(data)) return null;
  return Object.values(MESSAGES).some((isMessage) => isMessage(data))
    ? (data as ShareMessage)
    : null;
}

const isVersioned = shape({ version: (value) => value === VERSION });

const isPresence = shape({
  nodeId: text,
  isRunning: flag,
  stopReason: orNull(oneOf(...STOP_REASONS)),
  isVisible: flag,
  linked: listOf(text),
});

const isDelay: Check = (value) =>
  typeof value === 'number' && value >= 0 && value <= LONGEST_DELAY_MS;

const COMMANDS: Readonly<Record<TabCommand['type'], Check>> = {
  isolate: shape({ type: oneOf('isolate'), on: flag }),
  'cut-link': shape({ type: oneOf('cut-link'), peer: text, on: flag }),
  delay: shape({ type: oneOf('delay'), delayMs: isDelay }),
  crash: shape({ type: oneOf('crash') }),
  reload: shape({ type: oneOf('reload') }),
};

const EVENTS: Readonly<Record<NodeEvent['type'], Check>> = {
  'pre-vote': shape({
    reason: oneOf('alone', 'link-lost', 'timeout'),
    silentLeader: textOrNull,
    silentMs: number,
  }),
  candidacy: shape({ reason: oneOf('pre-votes', 'asked') }),
  vote: shape({ candidate: text }),
  'election-won': shape({ votes: listOf(text) }),
  'stepped-down': shape({ reason: oneOf('higher-term', 'no-quorum', 'not-a-voter', 'resigned') }),
  'leader-known': shape({ leader: text }),
  'leader-lost': shape({ leader: text }),
  'member-joined': shape({ member: text, voter: flag }),
  'member-promoted': shape({ member: text }),
  'member-demoted': shape({ member: text }),
  'member-removed': shape({ member: text }),
  'link-up': shape({ peer: text }),
  'link-down': shape({ peer: text }),
  'log-truncated': shape({ fromIndex: number, toIndex: number }),
  'log-compacted': shape({ toIndex: number }),
  'snapshot-installed': shape({ index: number }),
  quarantined: shape({}),
  'quarantine-over': shape({}),
};

const isAnyEvent = shape({ type: text, number, atMs: number, term: number });

const isEvent: Check = (value) => {
  if (!isAnyEvent(value)) return false;
  const { type } = value as { readonly type: string };
  return Object.hasOwn(EVENTS, type) && EVENTS[type as NodeEvent['type']](value);
};

/** `name`: of a later version there may be more of them, and all may be drawn. */
const isCount = shape({ peer: text, direction: oneOf('in', 'out'), name: text, count: number });

const isInspection = shape({
  nodeId: text,
  atMs: number,
  overMs: number,
  role: oneOf('follower', 'pre-candidate', 'candidate', 'leader', 'learner'),
  term: number,
  leaderId: textOrNull,
  votedFor: textOrNull,
  votes: listOf(text),
  commitIndex: number,
  lastApplied: number,
  durableIndex: number,
  firstIndex: number,
  lastIndex: number,
  snapshot: orNull(shape({ index: number, term: number })),
  runs: listOf(shape({ term: number, firstIndex: number })),
  progress: listOf(
    shape({
      nodeId: text,
      state: oneOf('probe', 'replicate', 'snapshot'),
      matchIndex: number,
      nextIndex: number,
      inflightMessages: number,
    }),
  ),
  messages: listOf(isCount),
  events: listOf(isEvent),
  stateHashes: orNull(
    shape({ index: number, hashes: listOf(shape({ nodeId: text, hash: text })) }),
  ),
  queues: shape({
    pendingWrites: number,
    pendingReads: number,
    uncommitted: number,
    unapplied: number,
    unsent: number,
  }),
  commitTimes: shape({ count: number, p50Ms: numberOrNull, p99Ms: numberOrNull }),
  delayMs: number,
  isolated: flag,
  cutLinks: listOf(text),
});

const MESSAGES: Readonly<Record<ShareMessage['type'], Check>> = {
  watching: shape({ type: oneOf('watching'), isNew: flag }),
  presence: shape({ type: oneOf('presence'), presence: isPresence }),
  gone: shape({ type: oneOf('gone'), nodeId: text }),
  inspection: shape({ type: oneOf('inspection'), inspection: isInspection }),
  command: shape({
    type: oneOf('command'),
    nodeId: text,
    command: (value) => Object.values(COMMANDS).some((isCommand) => isCommand(value)),
  }),
};
