/** Whether a page that was opened by an invite goes over to the invite's signalling server. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { formatInviteLink } from '../../src/client/invite-link.ts';
import type { SignallingSettings } from '../../src/node/signalling-settings.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { offerInvitedServer } from '../../src/ui/invited-server.ts';
import { keptSettings } from '../../src/ui/settings/signalling-choice.ts';
import { changeSettings, ownSettings } from '../../src/ui/settings/signalling-store.ts';
import { openQuestion, withdrawQuestion } from '../../src/ui/shell-host.ts';
import { fakeLocalStorage } from './settings/local-storage.ts';

const HOST = Symbol.for('resqlite.host');
const TURN = { urls: ['turn:example.org'], username: 'u', credential: 'c' };
const OTHER = { host: 'other.example', port: 9_000, path: '/', secure: true };

fakeLocalStorage();
beforeEach(() => changeSettings({ iceServers: [TURN] }));
afterEach(withdrawQuestion);

function linkBy(server: SignallingSettings): string {
  const invite = {
    clusterId: 'c'.repeat(16),
    secret: 'A'.repeat(43),
    members: ['b'.repeat(16) as NodeId],
    token: `${'B'.repeat(42)}A`,
  };
  return formatInviteLink('https://example.org/', invite, server);
}

test('without a person it is used at once, and TURN servers stay', async () => {
  vi.stubGlobal(HOST, () => undefined);
  await offerInvitedServer(linkBy(OTHER));
  expect(openQuestion.value).toBe(null);
  expect(ownSettings.value).toMatchObject({ ...OTHER, iceServers: [TURN] });
  expect(keptSettings()).toEqual(ownSettings.value);
});

test.each([true, false])('a person is asked, and says so: %j', async (isWanted) => {
  const offered = offerInvitedServer(linkBy(OTHER));
  const open = openQuestion.value;
  expect(open?.question.text).toContain('finds other browsers by https://other.example:9000/');
  expect(ownSettings.value).toEqual({ iceServers: [TURN] });
  open?.answer(isWanted ? { file: null, text: '' } : null);
  await offered;
  expect(ownSettings.value.host).toBe(isWanted ? OTHER.host : undefined);
});

test('nobody is asked for the server that is in use, or where none is named', async () => {
  changeSettings(OTHER);
  for (const opened of [linkBy(OTHER), linkBy({}), 'c'.repeat(16), null]) {
    await offerInvitedServer(opened);
    expect(openQuestion.value).toBe(null);
  }
  expect(ownSettings.value).toEqual(OTHER);
});
