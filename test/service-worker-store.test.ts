/**
 * Which tab the service worker has serve the key-value store, and what it says where there is none. That
 * browsers do so is shown by test/e2e/kv.test.ts.
 */

import { describe, expect, test } from 'vitest';

import { installed, SCOPE, type Page, type World } from './service-worker-world.ts';

describe('the key-value store', () => {
  const READY = { isReady: true, clusterId: 'a', isDefault: true, isVisible: false };
  const OTHER = { ...READY, clusterId: 'b', isDefault: false };
  const CLOSED = { ...READY, isReady: false };

  async function withPages(...pages: Page[]): Promise<World> {
    const world = await installed();
    world.pages = pages;
    return world;
  }

  test('is served by the asking tab, with what the request brings and what the answer says', async () => {
    const world = await withPages(
      { id: 'visible', desk: { ...READY, isVisible: true } },
      { id: 'asking', desk: OTHER },
    );
    const answer = await world.store('asking', {
      url: 'a%2Fb?level=none#part',
      method: 'PUT',
      headers: new Headers({ 'If-Match': '"7"' }),
      body: 'é',
    });
    expect(answer).toMatchObject({ status: 200, body: 'asking' });
    expect(answer?.headers.get('etag')).toBe('"7"');
    expect(answer?.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer?.headers.get('content-security-policy')).toContain('sandbox');
    expect(world.served).toEqual(['asking: PUT a%2Fb?level=none é']);
  });

  test.each<[string, Page[], string]>([
    [
      'another tab of its cluster, where it cannot',
      [
        { id: 'asking', desk: { ...OTHER, isReady: false } },
        { id: 'default', desk: READY },
        { id: 'same', desk: OTHER },
      ],
      'same',
    ],
    [
      'the default cluster, where the asking tab has opened none yet',
      [
        { id: 'asking', desk: { ...CLOSED, clusterId: null } },
        { id: 'other', desk: OTHER },
        { id: 'default', desk: READY },
      ],
      'default',
    ],
    [
      'the default cluster, where a page that is no database asks',
      [
        { id: 'asking', url: `${SCOPE}other.html`, desk: OTHER },
        { id: 'other', desk: { ...OTHER, isVisible: true } },
        { id: 'silent', desk: null },
        { id: 'closed', desk: CLOSED },
        { id: 'hidden', desk: READY },
      ],
      'hidden',
    ],
    [
      'a visible tab rather than a hidden one, whatever its address says besides',
      [
        { id: 'asking', url: `${SCOPE}peerjs`, desk: null },
        { id: 'hidden', url: `${SCOPE}#/apps?kv`, desk: READY },
        { id: 'visible', url: `${SCOPE}index.html?x#y`, desk: { ...READY, isVisible: true } },
      ],
      'visible',
    ],
  ])('is served by %s', async (_what, pages, expected) => {
    const world = await withPages(...pages);
    expect(await world.store('asking', { url: 'k' })).toMatchObject({
      status: 200,
      body: expected,
    });
    expect(world.served).toEqual([`${expected}: GET k`]);
  });

  test.each<[string, Page[]]>([
    ['there is no tab', []],
    ['no tab of ours', [{ id: 'asking', url: `${SCOPE}other.html`, desk: READY }]],
    [
      'the asking tab says nothing, so that nobody knows of which cluster it is',
      [
        { id: 'asking', desk: null },
        { id: 'default', desk: READY },
      ],
    ],
    [
      'no other of its cluster',
      [
        { id: 'asking', desk: { ...OTHER, isReady: false } },
        { id: 'default', desk: READY },
      ],
    ],
    [
      'the asking tab has not opened its own cluster',
      [
        { id: 'asking', desk: { ...OTHER, isReady: false, clusterId: null } },
        { id: 'default', desk: READY },
      ],
    ],
  ])('is 503 where %s', async (_what, pages) => {
    const world = await withPages(...pages);
    const answer = await world.store('asking', { url: 'k', method: 'PUT', body: 'v' });
    expect(answer).toMatchObject({ status: 503 });
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({
      error: { code: 'NoTab', applied: 'no' },
    });
    expect(answer?.headers.get('content-type')).toContain('application/json');
    expect(world.served).toEqual([]);
  });

  test.each([
    ['GET', 'no'],
    ['POST', 'unknown'],
  ])('a tab that dies of it is not replaced: %s, applied %s', async (method, applied) => {
    const world = await withPages(
      { id: 'asking', desk: READY, dies: true },
      { id: 'other', desk: READY },
    );
    const answer = await world.store('asking', { url: 'k', method, body: 'v' });
    expect(answer?.status).toBe(503);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ error: { code: 'TabLost', applied } });
    expect(world.served).toHaveLength(1);
  });

  test.each(['late', undefined] as const)(
    'nothing is left to wake up for behind an answer, be it %s',
    async (answers) => {
      const world = await withPages({ id: 'asking', desk: READY, ...(answers && { answers }) });
      expect(await world.store('asking', { url: 'k' })).toMatchObject({ status: 200 });
      await expect.poll(() => world.looking).toBe(0);
      expect(world.timers.size).toBe(0);
    },
  );

  test('a tab is told until when a request is waited for, and when nobody does any more', async () => {
    const world = await withPages({ id: 'asking', desk: READY, answers: 'never' });
    const abort = new AbortController();
    const startMs = Date.now();
    const answer = world.store('asking', { url: 'k', method: 'PUT', signal: abort.signal });
    await expect.poll(() => world.served).toHaveLength(1);
    const [deadlineMs = 0] = world.deadlinesMs;
    expect(deadlineMs - startMs).toBeGreaterThanOrEqual(40_000);
    expect(deadlineMs - Date.now()).toBeLessThanOrEqual(40_000);
    abort.abort();
    expect(await answer).toMatchObject({ status: 503 });
    await expect.poll(() => world.aborted).toEqual(['asking']);
    expect(world.timers.size).toBe(0);
  });

  test('a request that is aborted before a tab was found is given to none', async () => {
    const world = await withPages({ id: 'asking', desk: READY });
    const answer = await world.store('asking', {
      url: 'k',
      method: 'PUT',
      signal: AbortSignal.abort(),
    });
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({
      error: { code: 'Aborted', applied: 'no' },
    });
    expect(world.served).toEqual([]);
  });

  test('a form that another site sends is refused; an address that is typed in is read', async () => {
    const world = await withPages({ id: 'tab', desk: READY });
    const form = { url: 'k', mode: 'navigate', method: 'POST', body: 'v' };
    expect(await world.store('', form)).toMatchObject({ status: 405 });
    expect(world.served).toEqual([]);
    expect(await world.store('', { url: 'k', mode: 'navigate' })).toMatchObject({ status: 200 });
  });

  test('a body is bounded before it is handed on', async () => {
    const world = await withPages({ id: 'asking', desk: READY });
    const body = 'a'.repeat(1024 * 1024 + 1);
    expect(await world.store('asking', { url: 'k', method: 'PUT', body })).toMatchObject({
      status: 413,
    });
    expect(world.served).toEqual([]);
  });
});
