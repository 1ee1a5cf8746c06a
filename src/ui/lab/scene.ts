/** The simulated world as the shared drawings take it. Pure. */

import type {
  Flight,
  LabMessageType,
  LabPicture,
  LabServer,
  ServerNumber,
  StoryStepOutline,
} from '../../lab/protocol.ts';
import type { DrawnLink, DrawnMember, MemberState, PlacedMessage } from '../raft/drawn.ts';
import { kindOf } from '../raft/message-kinds.ts';

export type LabSelection =
  | { readonly type: 'server'; readonly server: ServerNumber }
  | { readonly type: 'link'; readonly one: ServerNumber; readonly other: ServerNumber }
  | { readonly type: 'message'; readonly flight: number };

const STATES: Readonly<Record<LabServer['state'], MemberState>> = {
  up: 'running',
  down: 'down',
  frozen: 'frozen',
  lost: 'lost',
};

/** Those that are still in the world; one whose disk is lost never comes back. */
export function drawnMembers(
  { servers }: LabPicture,
  focus: StoryStepOutline | null,
): readonly DrawnMember[] {
  const many = servers.length > MOST_WITH_LOST;
  return servers
    .filter(({ state }) => state !== 'lost' || !many)
    .map((server) => ({
      id: String(server.number),
      name: server.name,
      role: server.role,
      term: server.term,
      state: STATES[server.state],
      isIsolated: false,
      isHidden: false,
      isMarked: focus?.servers.includes(server.number) ?? false,
      note: noteOf(server, servers.length <= MOST_WITH_WORDS),
      timer: server.electionTimer?.gone ?? null,
    }));
}

const MOST_WITH_LOST = 9;
/** Among more there is no room for words below them. */
const MOST_WITH_WORDS = 5;

/** How its election goes. */
function noteOf(server: LabServer, hasRoom: boolean): string | null {
  if (server.state !== 'up') return null;
  if (server.role !== 'candidate' && server.role !== 'pre-candidate') return null;
  const { voters, outgoing } = server.configuration;
  // A majority of both is needed while the configuration is joint.
  const counted = [outgoing, voters]
    .filter(({ length }) => length > 0)
    .map((half) => `${half.filter((id) => server.votes.includes(id)).length} of ${half.length}`);
  const kind = server.role === 'candidate' ? 'votes' : 'pre-votes';
  return `${counted.join(' + ')}${hasRoom ? ` ${kind}` : ''}`;
}

/** Pairs with a link, and pairs of whom one or both are kept from the other. */
export function drawnLinks(picture: LabPicture): readonly DrawnLink[] {
  const { links, blocked, servers } = picture;
  const drawn = new Map<string, DrawnLink>();
  for (const [one, other] of links) {
    drawn.set(`${one} ${other}`, { one: String(one), other: String(other), state: 'open' });
  }
  for (const [from, to] of blocked) {
    if (servers[from] === undefined || servers[to] === undefined) continue;
    const [one, other] = from < to ? [from, to] : [to, from];
    const ends = { one: String(one), other: String(other) };
    const isCut = isBlocked(picture, to, from);
    drawn.set(
      `${one} ${other}`,
      isCut ? { ...ends, state: 'cut' } : { ...ends, state: 'one-way', silent: String(from) },
    );
  }
  return [...drawn.values()];
}

export function isBlocked({ blocked }: LabPicture, from: ServerNumber, to: ServerNumber): boolean {
  return blocked.some(([a, b]) => a === from && b === to);
}

/** All flights at their places of this moment. */
export function placedMessages(
  { flights, nowUs }: Pick<LabPicture, 'flights' | 'nowUs'>,
  selection: LabSelection | null,
  focus: StoryStepOutline | null,
): readonly PlacedMessage[] {
  const watched = focus?.messages ?? [];
  return flights.map((flight) => ({
    id: String(flight.id),
    from: String(flight.from),
    to: String(flight.to),
    kind: kindOf(flight.type),
    position: positionOf(flight, nowUs),
    count: 1,
    isLost: flight.isLost,
    isSelected: selection?.type === 'message' && selection.flight === flight.id,
    isMarked: watched.includes(flight.type),
    answer: answerOf(flight),
  }));
}

/** 0 as it is sent, 1 as it arrives. */
export function positionOf(
  { sentAtUs, arrivesAtUs }: Pick<Flight, 'sentAtUs' | 'arrivesAtUs'>,
  nowUs: number,
): number {
  if (arrivesAtUs <= sentAtUs) return 1;
  return Math.min(1, Math.max(0, (nowUs - sentAtUs) / (arrivesAtUs - sentAtUs)));
}

function answerOf({ type, text }: Flight): 'yes' | 'no' | null {
  if (type !== 'request-vote-response' && type !== 'pre-vote-response') return null;
  return text === 'granted' ? 'yes' : 'no';
}

const MESSAGE_NAMES: Partial<Readonly<Record<LabMessageType, string>>> = {
  'append-entries': 'AppendEntries',
  'append-entries-response': 'AppendEntries answer',
  'request-vote': 'RequestVote',
  'request-vote-response': 'RequestVote answer',
  'pre-vote': 'PreVote',
  'pre-vote-response': 'PreVote answer',
  'install-snapshot': 'InstallSnapshot',
  'install-snapshot-response': 'InstallSnapshot answer',
  'timeout-now': 'TimeoutNow',
  'read-index-request': 'ReadIndex',
  'read-index-response': 'ReadIndex answer',
};

/** As the paper calls it, where it does. */
export function nameOfMessage(type: LabMessageType): string {
  return MESSAGE_NAMES[type] ?? type.replaceAll('-', ' ');
}

export function nameOfServer(picture: LabPicture, number: ServerNumber): string {
  return picture.servers[number]?.name ?? `S${number + 1}`;
}

/** Null: what was selected is no longer there. */
export function keptSelection(
  selection: LabSelection | null,
  picture: LabPicture,
): LabSelection | null {
  switch (selection?.type) {
    case 'server':
      return picture.servers[selection.server] === undefined ? null : selection;
    case 'link':
      return picture.servers[Math.max(selection.one, selection.other)] === undefined
        ? null
        : selection;
    case 'message':
      return picture.flights.some(({ id }) => id === selection.flight) ? selection : null;
    case undefined:
      return null;
  }
}
