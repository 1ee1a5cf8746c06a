/**
 * Invite links: `<page>#c=<clusterId>&k=<secret>&i=<token>[&s=<server>]&m=<nodeId>.<nodeId>…`. Everything
 * is in the fragment, which browsers send to no server. Whoever has the link is let into the cluster as
 * long as the invite is open, so it is a key and must be handled like one. The signalling server stands
 * in it where it is another than the page would use by itself; whether it is used is for the holder to say.
 *
 * Parsing is strict: exactly these fields in this order, each in its one spelling. A link that
 * was cut off or mangled on its way is refused as a whole, never half understood; so is one that
 * earlier versions made, which had no token and would be let in nowhere.
 */

import { MAX_MEMBERS } from '../node/limits.ts';
import type { SignallingSettings } from '../node/signalling-settings.ts';
import type { NodeId } from '../raft/types.ts';
import { ResqliteError } from './errors.ts';
import type { MintedInvite } from './protocol.ts';
import { linkTo, signallingAt } from './signalling-settings.ts';

const ID = '[a-z2-7]{16}';
/** The cluster's secret, and the invite's token: 32 bytes are 43 characters of base64url; the last one carries four bits, then two zeros. */
const SECRET = '[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]';
const MEMBERS = `${ID}(?:\\.${ID})*`;
const SERVER = 'https?://[^&]+';
const FRAGMENT = new RegExp(
  `^#c=(${ID})&k=(${SECRET})&i=(${SECRET})(?:&s=(${SERVER}))?&m=(${MEMBERS})$`,
);
const OLDER_FRAGMENT = new RegExp(`^#c=${ID}&k=${SECRET}&m=${MEMBERS}$`);
const CLUSTER_FRAGMENT = new RegExp(`^#c=(${ID})$`);
const CLUSTER_ID = new RegExp(`^${ID}$`);

export function isClusterId(text: string): boolean {
  return CLUSTER_ID.test(text);
}

/** `page` with the invite as its fragment, and with the server that the settings name, where they do. */
export function formatInviteLink(
  page: string | URL,
  invite: MintedInvite,
  signalling: SignallingSettings = {},
): string {
  const { clusterId, secret, token, members } = invite;
  const url = new URL(page);
  const server = linkTo({ secure: url.protocol === 'https:', ...signalling });
  const named = server === null ? '' : `&s=${server}`;
  url.hash = `c=${clusterId}&k=${secret}&i=${token}${named}&m=${members.join('.')}`;
  return url.href;
}

/** Throws `ResqliteError` 'InvalidInvite' for anything that is not exactly an invite link. */
export function parseInviteLink(link: string | URL): MintedInvite {
  const fragment = fragmentOf(link);
  const [, clusterId, secret, token, server, memberList] = FRAGMENT.exec(fragment) ?? [];
  if (
    clusterId === undefined ||
    secret === undefined ||
    token === undefined ||
    memberList === undefined
  ) {
    throw invalidInvite(OLDER_FRAGMENT.test(fragment) ? OLDER : DAMAGED);
  }
  const members = memberList.split('.') as NodeId[];
  const isServerDamaged = server !== undefined && serverAt(server) === null;
  if (members.length > MAX_MEMBERS || new Set(members).size < members.length || isServerDamaged) {
    throw invalidInvite(DAMAGED);
  }
  return { clusterId, secret, token, members };
}

/**
 * What `open` takes as `cluster`, where a page was opened by an invite link or by a link to a cluster; null:
 * the address holds neither. One that is cut off is given, too: `open` says what is wrong with it.
 *
 * **Ask before you open an invite that the person may not expect.** Anybody can make a link to your page that
 * is an invite to a cluster of theirs: what is written there is theirs, and where this browser has no cluster
 * yet, it is the default one from then on. `clusters()` tells which this browser is in. A link to a cluster
 * (`#c=` and its id, which is given as that id) is no invite: it opens what this browser has, or nothing.
 *
 * @category Opening
 *
 * @example
 * ```ts
 * import { inviteIn, open } from 'resqlite';
 *
 * inviteIn('https://example.org/notes#chapter-2'); // => null
 * const db = await open({ cluster: inviteIn(location.href) });
 * ```
 */
export function inviteIn(address: string | URL): string | null {
  const [, clusterId] = CLUSTER_FRAGMENT.exec(fragmentOf(address)) ?? [];
  if (clusterId !== undefined) return clusterId;
  return fragmentOf(address).startsWith('#c=') ? String(address) : null;
}

/** The signalling server that an invite link names; null: none, or it is no invite link. */
export function signallingOfInvite(link: string | URL): SignallingSettings | null {
  const server = FRAGMENT.exec(fragmentOf(link))?.[4];
  return server === undefined ? null : serverAt(server);
}

function fragmentOf(link: string | URL): string {
  return URL.canParse(link) ? new URL(link).hash : '';
}

/** Null where it is not the one spelling of a server. */
function serverAt(address: string): SignallingSettings | null {
  try {
    const settings = signallingAt(address);
    return linkTo(settings) === address ? settings : null;
  } catch {
    return null;
  }
}

const DAMAGED = 'this invite link is incomplete or damaged: ask for it again and copy all of it';
const OLDER = 'this invite link was made by an earlier version: ask for a new one';

function invalidInvite(message: string): ResqliteError {
  return new ResqliteError({ code: 'InvalidInvite', applied: 'no', message, sqlite: null });
}
