/** A world as it is now, as plain data: what the Lab draws. Bounded, however long the logs are. */

import { EMPTY_CONFIGURATION, membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { Configuration, Entry, LogIndex, NodeId } from '../raft/types.ts';
import type { Flight as Carried } from '../simulation/flights.ts';
import type { Running, Server } from '../simulation/server.ts';
import type { World } from '../simulation/world.ts';
import type { ElectionTimers } from './election-timers.ts';
import { nameOf, type Names } from './names.ts';
import type { Flight, LabEntry, LabPicture, LabServer, LabTermRun } from './protocol.ts';
import { HAND_KEY } from './set.ts';
import { entryLabel, messageTerm, messageText, messageType } from './words.ts';

const ENTRIES_MAX = 24;
const RUNS_MAX = 32;
const FLIGHTS_MAX = 256;
const VALUES_MAX = 8;

export type WorldPicture = Pick<
  LabPicture,
  | 'nowUs'
  | 'servers'
  | 'flights'
  | 'links'
  | 'blocked'
  | 'leader'
  | 'committedIndex'
  | 'writes'
  | 'traceHash'
>;

export function pictureOf(world: World, names: Names, timers: ElectionTimers): WorldPicture {
  const { queue, servers, network, history, check, trace } = world;
  const { acknowledgedWrites, failedWrites, unknownWrites } = history.counters;
  const pairs = servers.flatMap((a) => servers.map((b) => [a, b] as const));
  return {
    nowUs: queue.nowUs,
    servers: servers.map((server) => serverPicture(server, names, timers, queue.nowUs)),
    flights: network.flights
      .list()
      .slice(0, FLIGHTS_MAX)
      .map((flight) => flightPicture(flight, names)),
    links: pairs
      .filter(([a, b]) => a.number < b.number && network.isUp(a.nodeId, b.nodeId))
      .map(numbersOf),
    blocked: pairs.filter(([a, b]) => network.isBlocked(a.nodeId, b.nodeId)).map(numbersOf),
    leader: world.leader()?.number ?? null,
    committedIndex: check.committedIndex,
    writes: {
      acknowledged: acknowledgedWrites,
      failed: failedWrites - unknownWrites,
      unknown: unknownWrites,
      pending: world.running.reduce((sum, { running }) => sum + running.client.pending, 0),
    },
    traceHash: trace.hash,
  };
}

function serverPicture(
  server: Server,
  names: Names,
  timers: ElectionTimers,
  nowUs: number,
): LabServer {
  const { number, nodeId, running } = server;
  const header = { number, name: nameOf(number), id: nodeId };
  if (running === null) return { ...header, ...stoppedPicture(server, names) };
  return {
    ...header,
    state: running.loop.paused ? 'frozen' : 'up',
    ...runningPicture(running, names),
    electionTimer: timers.of(server, nowUs),
  };
}

function runningPicture(
  { node, machine }: Running,
  names: Names,
): Omit<LabServer, 'number' | 'name' | 'id' | 'state' | 'electionTimer'> {
  const { raft } = node;
  const { role, term, commitIndex, appliedIndex, firstIndex, lastIndex, durableIndex } = raft;
  const entryAt = (index: LogIndex): Entry | null => raft.entryAt(index);
  return {
    role,
    term,
    votedFor: raft.votedFor === null ? null : names.numberOf(raft.votedFor),
    votes: names.numbersOf(raft.votes),
    leader: raft.leaderId === null ? null : names.numberOf(raft.leaderId),
    commitIndex,
    lastApplied: appliedIndex,
    firstIndex,
    lastIndex,
    durableIndex,
    runs: raft.termRuns(RUNS_MAX),
    entries: entriesOf(firstIndex, lastIndex, entryAt, { commitIndex, durableIndex, names }),
    configuration: configurationPicture(raft.configuration, names),
    progress: role === 'leader' ? progressOf(raft, names) : [],
    values: machine.model.values(HAND_KEY).slice(-VALUES_MAX),
  };
}

/** What its disk has: whoever is down knows nothing else when it starts again. */
function stoppedPicture(
  { disk, database, destroyed }: Server,
  names: Names,
): Omit<LabServer, 'number' | 'name' | 'id'> {
  const { hardState, lastIndex, baseIndex, entries } = disk;
  const appliedIndex = Math.max(Math.min(database.file.appliedIndex, lastIndex), 0);
  const entryAt = (index: LogIndex): Entry | null => disk.entryAt(index);
  const termAt = (index: LogIndex): number => disk.entryAt(index)?.term ?? 0;
  const firstIndex = baseIndex + 1;
  const facts = { commitIndex: appliedIndex, durableIndex: lastIndex, names };
  const latest = entries.findLast((entry) => entry.type === 'configuration');
  return {
    state: destroyed ? 'lost' : 'down',
    role: 'follower',
    term: hardState.term,
    votedFor: hardState.votedFor === null ? null : names.numberOf(hardState.votedFor),
    votes: [],
    leader: null,
    commitIndex: appliedIndex,
    lastApplied: appliedIndex,
    firstIndex,
    lastIndex,
    durableIndex: lastIndex,
    runs: runsOf(firstIndex, lastIndex, termAt),
    entries: entriesOf(firstIndex, lastIndex, entryAt, facts),
    configuration: configurationPicture(latest?.configuration ?? EMPTY_CONFIGURATION, names),
    progress: [],
    electionTimer: null,
    values: [],
  };
}

function configurationPicture(
  { voters, outgoingVoters, learners }: Configuration,
  names: Names,
): LabServer['configuration'] {
  return {
    voters: names.numbersOf(voters),
    outgoing: names.numbersOf(outgoingVoters),
    learners: names.numbersOf(learners),
  };
}

function progressOf(raft: Raft, names: Names): LabServer['progress'] {
  const others = membersOf(raft.configuration).filter((id) => id !== raft.nodeId);
  return others.flatMap((id: NodeId) => {
    const progress = raft.progress(id);
    if (progress === null) return [];
    const { state, matchIndex, nextIndex } = progress;
    return [{ server: names.numberOf(id), state, matchIndex, nextIndex }];
  });
}

/** Terms never fall along a log, so where one begins is found by halving. */
function runsOf(
  firstIndex: number,
  lastIndex: number,
  termAt: (index: LogIndex) => number,
): readonly LabTermRun[] {
  const runs: LabTermRun[] = [];
  for (let last = lastIndex; last >= firstIndex && runs.length < RUNS_MAX;) {
    const term = termAt(last as LogIndex);
    let [low, high] = [firstIndex, last];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (termAt(middle as LogIndex) < term) low = middle + 1;
      else high = middle;
    }
    runs.push({ term, firstIndex: low });
    last = low - 1;
  }
  return runs.toReversed();
}

interface LogFacts {
  readonly commitIndex: number;
  readonly durableIndex: number;
  readonly names: Names;
}

function entriesOf(
  firstIndex: number,
  lastIndex: number,
  entryAt: (index: LogIndex) => Entry | null,
  { commitIndex, durableIndex, names }: LogFacts,
): readonly LabEntry[] {
  const entries: LabEntry[] = [];
  const from = Math.max(firstIndex, lastIndex - ENTRIES_MAX + 1);
  for (let index = from; index <= lastIndex; index += 1) {
    const entry = entryAt(index as LogIndex);
    if (entry === null) continue;
    entries.push({
      index,
      term: entry.term,
      type: entry.type,
      label: entryLabel(entry, names),
      isCommitted: index <= commitIndex,
      isDurable: index <= durableIndex,
    });
  }
  return entries;
}

function flightPicture(flight: Carried, names: Names): Flight {
  const { id, message, sentAtUs, arrivesAtUs, isLost } = flight;
  return {
    id,
    from: names.numberOf(message.from),
    to: names.numberOf(message.to),
    type: messageType(message),
    term: messageTerm(message),
    text: messageText(message, names),
    sentAtUs,
    arrivesAtUs,
    isLost,
  };
}

function numbersOf([a, b]: readonly [Server, Server]): readonly [number, number] {
  return [a.number, b.number];
}
