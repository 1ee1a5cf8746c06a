/**
 * Invites, as one handle asks for them. The link is made from what the node worker minted: the token is
 * nowhere else, so a link that is lost is revoked and not found again.
 */

import type { SignallingSettings } from '../node/signalling-settings.ts';
import type { CallOptions } from './call-limits.ts';
import { checkInviteId, checkInviteTerms, checkPage } from './arguments.ts';
import type { Calls } from './calls.ts';
import { formatInviteLink } from './invite-link.ts';
import { checkSignalling } from './signalling-settings.ts';

/**
 * How far an invite goes.
 *
 * @category Membership
 *
 * @example
 * ```ts
 * import { open, type InviteOptions } from 'resqlite';
 *
 * const forOneDay: InviteOptions = { expiresInMs: 24 * 60 * 60 * 1_000, uses: null };
 * const db = await open();
 * new URL(await db.invite(forOneDay)).hash.startsWith('#c='); // => true
 *
 * const toTheList = await db.invite({ page: '/notes?list=7' });
 * toTheList.startsWith(`${location.origin}/notes?list=7#c=`); // => true
 * ```
 */
export interface InviteOptions extends CallOptions {
  /** Milliseconds that it is open; null: for ever. 7 days where not given. */
  readonly expiresInMs?: number | null;
  /** How many tabs' nodes it lets in; null, or not given: any number. */
  readonly uses?: number | null;
  /** A server that the link shall name, because the page it leads to would use another by itself. */
  readonly signalling?: SignallingSettings;
  /**
   * The page that the link leads to, relative to this one; its fragment is replaced. Where not given, this
   * page without its query, which may hold what is for this browser alone.
   */
  readonly page?: string | URL;
}

const EXPIRES_IN_MS = 7 * 24 * 60 * 60 * 1_000;

/** `address` is this page's. */
export async function openInvite(
  calls: Calls,
  address: string,
  options: InviteOptions,
): Promise<string> {
  const { expiresInMs = EXPIRES_IN_MS, uses = null, signalling = {} } = options;
  const terms = checkInviteTerms({ expiresInMs, uses });
  const settings = checkSignalling(signalling);
  const page = checkPage(options.page ?? withoutQuery(address), address);
  const invite = await calls.invite(terms, options);
  return formatInviteLink(page, invite, settings);
}

export async function revokeInvite(
  calls: Calls,
  inviteId: string,
  options: CallOptions,
): Promise<void> {
  const administration = { type: 'revoke-invite', inviteId: checkInviteId(inviteId) } as const;
  await calls.administer(administration, options);
}

function withoutQuery(address: string): URL {
  const page = new URL(address);
  page.search = '';
  return page;
}
