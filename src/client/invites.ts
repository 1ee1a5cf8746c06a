/**
 * Invites, as one handle asks for them. The link is made from what the node worker minted: the token is
 * nowhere else, so a link that is lost is revoked and not found again.
 */

import type { CallOptions } from './call-limits.ts';
import { checkInviteId, checkInviteTerms } from './arguments.ts';
import type { Calls } from './calls.ts';
import { formatInviteLink } from './invite-link.ts';
import type { InviteTerms, OpenInvite } from './protocol.ts';

/** `expiresInMs` is 7 days where not given, `uses` any number. */
export type InviteOptions = Partial<InviteTerms> & CallOptions;

const EXPIRES_IN_MS = 7 * 24 * 60 * 60 * 1_000;

export class Invites {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async open(page: string, options: InviteOptions): Promise<string> {
    const { expiresInMs = EXPIRES_IN_MS, uses = null } = options;
    const terms = checkInviteTerms({ expiresInMs, uses });
    const invite = await this.#calls.invite(terms, options);
    return formatInviteLink(page, invite);
  }

  list(): Promise<readonly OpenInvite[]> {
    return this.#calls.reading(() => this.#calls.node.node('invites', []));
  }

  async revoke(inviteId: string, options: CallOptions): Promise<void> {
    const administration = { type: 'revoke-invite', inviteId: checkInviteId(inviteId) } as const;
    await this.#calls.administer(administration, options);
  }
}
