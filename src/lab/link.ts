/**
 * A Lab session as a fragment of the page's address, and back. Pure; the worker and
 * `npm run simulate` make the same text by it.
 *
 *   #/lab?story=ID                                  a story
 *   #/lab?seed=N&servers=N&clients=N                a free world
 *   #/lab?run=N[&servers=N][&clients=N][&engine=sql]  a seed of the command line
 *   …[&do=ACTION,ACTION…][&at=TIME]                 what was done by hand, and the moment to go to
 *
 * An action is `TIME:verb` with its numbers behind points: `1500000:crash.0`, `1600000:delay.17.20000`,
 * `2000000:partition.0-1.2-3-4`. Times are microseconds and never fall from one action to the next.
 *
 * Links come from anywhere, so they are read strictly: parts in this order, each at most once, numbers in
 * their shortest form and within bounds. Whatever else is refused, with the reason.
 */

import type { HandAction, LabLink, LabSource, TimedAction } from './protocol.ts';

const LINK_PREFIX = '#/lab';
export const MAX_ACTIONS = 512;
/** Servers of a world, those that came later included. */
export const MAX_SERVERS = 32;
const MAX_FREE_SERVERS = 7;
const MAX_FREE_CLIENTS = 9;
/** How far a world goes: an hour. */
export const MAX_TIME_US = 3_600_000_000;
const MAX_DELAY_US = 60_000_000;
const MAX_LINK_CHARACTERS = 65_536;
const MAX_RUN_SERVERS = 7;
export const MAX_RUN_CLIENTS = 1_000;
const STORY_ID = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const MAX_STORY_ID_CHARACTERS = 40;
const WHOLE_NUMBER = /^(?:0|[1-9]\d{0,15})$/;

/** Why a text is no link. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
}

export function formatLink({ source, actions, atUs }: LabLink): string {
  const parts = sourceParts(source);
  if (actions.length > 0) parts.push(`do=${actions.map(formatAction).join(',')}`);
  if (atUs !== null) parts.push(`at=${atUs}`);
  return `${LINK_PREFIX}?${parts.join('&')}`;
}

function sourceParts(source: LabSource): string[] {
  switch (source.type) {
    case 'story':
      return [`story=${source.id}`];
    case 'free':
      return [`seed=${source.seed}`, `servers=${source.servers}`, `clients=${source.clients}`];
    case 'run': {
      const parts = [`run=${source.seed}`];
      if (source.servers !== null) parts.push(`servers=${source.servers}`);
      if (source.clients !== null) parts.push(`clients=${source.clients}`);
      if (source.engine === 'sql') parts.push('engine=sql');
      return parts;
    }
  }
}

function formatAction(action: TimedAction): string {
  return `${action.atUs}:${[action.type, ...argumentsOf(action)].join('.')}`;
}

function argumentsOf(action: HandAction): readonly (number | string)[] {
  if (action.type === 'partition') return action.groups.map((group) => group.join('-'));
  return numbersOfAction(action);
}

/** What an action names, in order. */
export function numbersOfAction(
  action: Exclude<HandAction, { readonly type: 'partition' }>,
): readonly number[] {
  switch (action.type) {
    case 'drop':
      return [action.flight];
    case 'delay':
      return [action.flight, action.byUs];
    case 'block':
    case 'unblock':
      return [action.from, action.to];
    case 'heal':
    case 'join':
    case 'next':
      return [];
    default:
      return [action.server];
  }
}

/** Null: the fragment is the Lab's, and names no session. Throws `LinkError` on anything malformed. */
export function parseLink(fragment: string): LabLink | null {
  if (fragment.length > MAX_LINK_CHARACTERS) throw new LinkError('The link is too long.');
  if (!fragment.startsWith(LINK_PREFIX)) throw new LinkError('The link is not one of the Lab.');
  const rest = fragment.slice(LINK_PREFIX.length);
  if (rest === '' || rest === '?') return null;
  if (!rest.startsWith('?')) throw new LinkError('The link is not one of the Lab.');
  const parts = new Parts(rest.slice(1));
  const source = readSource(parts);
  const list = parts.take('do');
  const actions = list === null ? [] : readActions(list);
  const at = parts.take('at');
  parts.end();
  return { source, actions, atUs: at === null ? null : readNumber(at, 0, MAX_TIME_US) };
}

/** Throws `LinkError` where a source that came as data makes no sense. */
export function checkSource(source: LabSource): void {
  parseLink(formatLink({ source, actions: [], atUs: null }));
}

/** The same for an action. */
export function checkAction(action: HandAction): void {
  readAction(formatAction({ ...action, atUs: 0 }));
}

/** `name=value` parts, which are taken in their order. */
class Parts {
  readonly #parts: string[];

  constructor(text: string) {
    this.#parts = text.split('&');
  }

  take(name: string): string | null {
    const [first] = this.#parts;
    if (first?.startsWith(`${name}=`) !== true) return null;
    this.#parts.shift();
    return first.slice(name.length + 1);
  }

  end(): void {
    const [first] = this.#parts;
    if (first !== undefined) throw new LinkError(`The link has a part that is unknown: ${first}`);
  }
}

function readSource(parts: Parts): LabSource {
  const story = parts.take('story');
  if (story !== null) {
    const isName = STORY_ID.test(story) && story.length <= MAX_STORY_ID_CHARACTERS;
    if (!isName) throw new LinkError('The link names no story.');
    return { type: 'story', id: story };
  }
  const run = parts.take('run');
  const seed = run ?? parts.take('seed');
  if (seed === null) throw new LinkError('The link names no story, seed or run.');
  const number = readNumber(seed, 0, Number.MAX_SAFE_INTEGER);
  const servers = parts.take('servers');
  const clients = parts.take('clients');
  if (run === null) {
    return {
      type: 'free',
      seed: number,
      servers: readNumber(servers ?? '', 1, MAX_FREE_SERVERS),
      clients: readNumber(clients ?? '', 0, MAX_FREE_CLIENTS),
    };
  }
  const engine = parts.take('engine');
  if (engine !== null && engine !== 'sql') throw new LinkError(`There is no engine ${engine}.`);
  return {
    type: 'run',
    seed: number,
    servers: servers === null ? null : readNumber(servers, 1, MAX_RUN_SERVERS),
    clients: clients === null ? null : readNumber(clients, 1, MAX_RUN_CLIENTS),
    engine: engine ?? 'model',
  };
}

function readActions(list: string): readonly TimedAction[] {
  const actions = list.split(',').map(readAction);
  if (actions.length > MAX_ACTIONS) throw new LinkError('The link has too many actions.');
  let latestUs = 0;
  for (const { atUs } of actions) {
    if (atUs < latestUs) throw new LinkError('The actions of the link are not in order of time.');
    latestUs = atUs;
  }
  return actions;
}

function readAction(text: string): TimedAction {
  const colon = text.indexOf(':');
  const atUs = readNumber(text.slice(0, Math.max(colon, 0)), 0, MAX_TIME_US);
  const [verb = '', ...args] = text.slice(colon + 1).split('.');
  const action = readHandAction(verb, args);
  if (action === null) throw new LinkError(`The link has an action that is unknown: ${text}`);
  return { ...action, atUs };
}

/** Null: there is none with that name and as many arguments. */
function readHandAction(verb: string, args: readonly string[]): HandAction | null {
  if (verb === 'partition') return { type: verb, groups: readGroups(args) };
  const [first = '', second = ''] = args;
  switch (args.length) {
    case 0:
      return verb === 'heal' || verb === 'join' || verb === 'next' ? { type: verb } : null;
    case 1:
      if (verb === 'drop') return { type: verb, flight: readFlight(first) };
      return isServerVerb(verb) ? { type: verb, server: readServer(first) } : null;
    case 2:
      if (verb === 'delay') {
        return { type: verb, flight: readFlight(first), byUs: readNumber(second, 1, MAX_DELAY_US) };
      }
      if (verb !== 'block' && verb !== 'unblock') return null;
      if (first === second) throw new LinkError('A server has no link to itself.');
      return { type: verb, from: readServer(first), to: readServer(second) };
    default:
      return null;
  }
}

type ServerVerb = Extract<HandAction, { readonly server: number }>['type'];

const SERVER_VERBS: readonly ServerVerb[] = [
  'crash',
  'restart',
  'freeze',
  'thaw',
  'time-out',
  'write',
  'transfer',
  'remove',
];

function isServerVerb(verb: string): verb is ServerVerb {
  return (SERVER_VERBS as readonly string[]).includes(verb);
}

/** Nobody is in two groups. */
function readGroups(args: readonly string[]): readonly (readonly number[])[] {
  if (args.length === 0) throw new LinkError('A partition needs its groups.');
  const groups = args.map((group) => group.split('-').map(readServer));
  const members = groups.flat();
  if (new Set(members).size < members.length) throw new LinkError('A server is in two groups.');
  return groups;
}

function readServer(text: string): number {
  return readNumber(text, 0, MAX_SERVERS - 1);
}

function readFlight(text: string): number {
  return readNumber(text, 1, Number.MAX_SAFE_INTEGER);
}

function readNumber(text: string, least: number, most: number): number {
  const number = Number(text);
  if (!WHOLE_NUMBER.test(text) || number < least || number > most) {
    throw new LinkError(`The link has no number from ${least} to ${most} where it needs one.`);
  }
  return number;
}
