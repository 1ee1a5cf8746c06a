/**
 * Invite links: `<page>#c=<clusterId>&k=<secret>&m=<nodeId>.<nodeId>…`. Everything is in the
 * fragment, which browsers send to no server. Whoever has the link is let into the cluster, so it is
 * a key and must be handled like one.
 *
 * Parsing is strict: exactly these three fields in this order, each in its one spelling. A link that
 * was cut off or mangled on its way is refused as a whole, never half understood.
 */

import { MAX_MEMBERS } from '../node/limits.ts';
import type { NodeId } from '../raft/types.ts';
import { ResqliteError } from './errors.ts';
import type { Invite } from './protocol.ts';

const ID = '[a-z2-7]{16}';
/** 32 bytes are 43 characters of base64url; the last one carries four bits, then two zeros. */
const SECRET = '[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]';
const FRAGMENT = new RegExp(`^#c=(${ID})&k=(${SECRET})&m=(${ID}(?:\\.${ID})*)$`);
const CLUSTER_ID = new RegExp(`^${ID}$`);

export function isClusterId(text: string): boolean {
  return CLUSTER_ID.test(text);
}

/** `page` with the invite as its fragment. */
export function formatInviteLink(page: string | URL, invite: Invite): string {
  const url = new URL(page);
  url.hash = `c=${invite.clusterId}&k=${invite.secret}&m=${invite.members.join('.')}`;
  return url.href;
}

/** Throws `ResqliteError` 'InvalidInvite' for anything that is not exactly an invite link. */
export function parseInviteLink(link: string | URL): Invite {
  const match = URL.canParse(link) ? FRAGMENT.exec(new URL(link).hash) : null;
  const [, clusterId, secret, memberList] = match ?? [];
  if (clusterId === undefined || secret === undefined || memberList === undefined) {
    throw invalidInvite();
  }
  const members = memberList.split('.') as NodeId[];
  if (members.length > MAX_MEMBERS || new Set(members).size < members.length) throw invalidInvite();
  return { clusterId, secret, members };
}

function invalidInvite(): ResqliteError {
  return new ResqliteError({
    code: 'InvalidInvite',
    applied: 'no',
    message: 'this invite link is incomplete or damaged: ask for it again and copy all of it',
    sqlite: null,
  });
}
