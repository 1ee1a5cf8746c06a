/** Settings of signalling: the form and back, what is kept, and which of several is in force. */

import { describe, expect, test } from 'vitest';
import { formOf, settingsOf } from '../../../src/ui/settings/settings-form.ts';
import {
  builtSignalling,
  describeFinding,
  keepSettings,
  keptSettings,
  nameOfServer,
  settingsInForce,
} from '../../../src/ui/settings/signalling-choice.ts';
import { fakeLocalStorage } from './local-storage.ts';

const TURN = { urls: ['turn:example.org'], username: 'u', credential: 'c' };
const OTHER = { host: 'example.org', port: 9_000, path: '/', secure: true, key: 'k' };

const stored = fakeLocalStorage();

describe('the form', () => {
  test.each([{}, { iceServers: [TURN] }, OTHER, { ...OTHER, iceServers: [TURN] }])(
    'gives back what it shows: %j',
    (settings) => expect(settingsOf(formOf(settings))).toEqual(settings),
  );

  test('shows a line for each address, and lines left empty count as not there', () => {
    const form = formOf({ iceServers: [{ urls: ['stun:a', 'stun:b'] }] });
    expect(form.iceServers.map(({ url }) => url)).toEqual(['stun:a', 'stun:b']);
    const emptied = form.iceServers.map((server) => ({ ...server, url: '  ' }));
    expect(settingsOf({ ...form, iceServers: emptied })).toEqual({});
  });

  test('leaves out what was typed for another server when the own one is chosen', () => {
    expect(settingsOf({ ...formOf(OTHER), isOwnServer: true })).toEqual({});
  });

  test('is refused with words', () => {
    const noScheme = { ...formOf({}), isOwnServer: false, address: 'example.org' };
    expect(() => settingsOf(noScheme)).toThrow('https://');
    const [line] = formOf({ iceServers: [TURN] }).iceServers;
    if (line === undefined) throw new Error('no line');
    const noUser = { ...formOf({}), iceServers: [{ ...line, username: '' }] };
    expect(() => settingsOf(noUser)).toThrow('user name');
  });
});

describe('what is kept', () => {
  test('comes back, and nothing where it is not valid any more', () => {
    expect(keptSettings()).toEqual({});
    keepSettings(OTHER);
    expect(keptSettings()).toEqual(OTHER);
    for (const [key] of stored) stored.set(key, '{"port":"x"}');
    expect(keptSettings()).toEqual({});
  });
});

describe('in force is', () => {
  test('what the page was built for, then what was set, then the page’s own origin', () => {
    const own = { ...OTHER, iceServers: [TURN] };
    expect(settingsInForce(null, {})).toEqual({});
    expect(settingsInForce(null, own)).toEqual(own);
    const built = { host: 'built.example', path: '/', secure: true };
    expect(settingsInForce(built, own)).toEqual({ ...built, iceServers: [TURN] });
    const stun = [{ urls: ['stun:built.example'] }];
    expect(settingsInForce({ ...built, iceServers: stun }, own)).toEqual({
      ...built,
      iceServers: stun,
    });
  });

  test('never a build’s variable that is not valid, which is told', () => {
    expect(builtSignalling(undefined)).toEqual({ settings: null, problem: null });
    expect(builtSignalling('https://example.org/').settings).toMatchObject({ host: 'example.org' });
    expect(builtSignalling('example.org')).toMatchObject({
      settings: null,
      problem: expect.stringContaining('https://'),
    });
  });

  test('told by its address', () => {
    expect(nameOfServer({})).toContain('own server');
    expect(nameOfServer(OTHER)).toBe('https://example.org:9000/');
    expect(describeFinding({ type: 'found', elapsedMs: 12 })).toContain('12 ms');
  });
});
