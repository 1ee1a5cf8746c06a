/** Which cluster a tab is of: from the address bar, over reloads, and how it is forgotten. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TabMemory } from '../../src/ui/tab-memory.ts';

const PAGE = 'https://example.org/app/?x=1';
const CLUSTER = 'abcdefghijklmnop';
const LINK = `${PAGE}#c=${CLUSTER}&k=${'A'.repeat(43)}&m=${'b'.repeat(16)}`;

let address: URL;
let stored: Map<string, string>;

/** Loads the page in this tab: what is stored stays. */
function load(href: string): TabMemory {
  address = new URL(href);
  vi.stubGlobal('location', address);
  return new TabMemory();
}

beforeEach(() => {
  stored = new Map();
  vi.stubGlobal('history', {
    state: null,
    replaceState: (_: unknown, __: string, url: string) => {
      address.href = new URL(url, address).href;
    },
  });
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('a tab', () => {
  test('without a link is of the default cluster and remembers nothing', () => {
    const memory = load(PAGE);
    expect(memory.cluster).toBeNull();
    memory.opened(CLUSTER);
    expect(stored.size).toBe(0);
    expect(memory.addressOf(CLUSTER)).toBe('/app/?x=1');
  });

  test('takes an invite out of the address bar, and keeps it until its node has opened', () => {
    const memory = load(LINK);
    expect([memory.cluster, address.href]).toEqual([LINK, PAGE]);
    const reloaded = load(PAGE);
    expect(reloaded.cluster).toBe(LINK);
    reloaded.opened(CLUSTER);
    expect([...stored.values()].join()).not.toContain('k=');
    const later = load(PAGE);
    expect(later.cluster).toBe(CLUSTER);
    expect(later.addressOf(CLUSTER)).toBe(`/app/?x=1#c=${CLUSTER}`);
  });

  test('takes a cluster of this browser by its id', () => {
    const memory = load(`${PAGE}#c=${CLUSTER}`);
    expect([memory.cluster, address.href]).toEqual([CLUSTER, PAGE]);
    expect(load(PAGE).cluster).toBe(CLUSTER);
  });

  test('takes a garbled link out of the address bar too, for the opening to fail on', () => {
    const memory = load(`${PAGE}#hello`);
    expect([memory.cluster, address.href]).toEqual([`${PAGE}#hello`, PAGE]);
    memory.forget();
    expect(load(PAGE).cluster).toBeNull();
  });

  test('prefers a new link to what it remembers', () => {
    load(`${PAGE}#c=${'z'.repeat(16)}`).opened('z'.repeat(16));
    expect(load(LINK).cluster).toBe(LINK);
    expect(load(`${PAGE}#c=${CLUSTER}`).cluster).toBe(CLUSTER);
  });

  test('goes over to the cluster that was chosen, and back to the default one', () => {
    load(LINK).choose('z'.repeat(16));
    expect(load(PAGE).cluster).toBe('z'.repeat(16));
    load(PAGE).choose(null);
    expect(load(PAGE).cluster).toBeNull();
  });

  test('works where storage is blocked', () => {
    vi.stubGlobal('sessionStorage', undefined);
    const memory = load(LINK);
    memory.opened(CLUSTER);
    expect(memory.cluster).toBe(LINK);
    expect(load(PAGE).cluster).toBeNull();
  });
});
