/**
 * An invite link may name the signalling server by which its cluster's browsers find each other. It is
 * for the person to say whether this browser goes over to it, since that holds for all its clusters. Where
 * there is no person, whoever gave the link to the program that runs the page has said so.
 */

import { signallingOfInvite } from '../client/invite-link.ts';
import { pageHost } from '../client/page-host.ts';
import { linkTo } from '../client/signalling-settings.ts';
import { built, changeSettings, ownSettings } from './settings/signalling-store.ts';
import { shellHost } from './shell-host.ts';
import { nameOfServer, settingsInForce } from './settings/signalling-choice.ts';

/** `opened`: what this tab is opened with, which may be an invite link. */
export async function offerInvitedServer(opened: string | null): Promise<void> {
  const named = opened === null ? null : signallingOfInvite(opened);
  // What a page was built for is the same for whoever made the link.
  if (named === null || built.settings !== null) return;
  if (linkTo(named) === linkTo(ownSettings.value)) return;
  const use = (): void => changeSettings(settingsInForce(named, ownSettings.value));
  if (pageHost() !== null) {
    use();
    return;
  }
  const reply = await shellHost.ask({
    title: 'Use the invite’s signalling server?',
    text:
      `Whoever invited you finds other browsers by ${nameOfServer(named)}; this browser uses ` +
      `${nameOfServer(ownSettings.value)}. By different servers they do not find each other. The ` +
      'server sees no data. The change is for all clusters of this browser; Settings takes it back.',
    file: null,
    field: null,
    action: 'Use it',
    isDangerous: false,
  });
  if (reply !== null) use();
}
