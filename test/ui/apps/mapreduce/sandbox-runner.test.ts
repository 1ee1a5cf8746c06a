/**
 * The sandbox’s own worker script, run in a world of its own in place of a frame's: what it answers, and
 * that functions cannot talk past it. That browsers let it do nothing is shown by test/e2e/sandbox.test.ts.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';

import { afterEach, expect, test } from 'vitest';

import { TaskError } from '../../../../src/apps/mapreduce/job.ts';
import { PROTOCOL } from '../../../../src/apps/mapreduce/runner-protocol.ts';
import {
  openSandboxRunner,
  type SandboxFrame,
  type SandboxOptions,
} from '../../../../src/ui/apps/mapreduce/sandbox-runner.ts';

const HTML = readFileSync(join(import.meta.dirname, '../../../../public/sandbox.html'), 'utf8');
const [, SCRIPT = ''] = /<script id="worker"[^>]*>(.*?)<\/script>/s.exec(HTML) ?? [];
const { signal: never } = new AbortController();
/** Nothing here takes that long. */
const PATIENCE_MS = 30_000;
const REDUCE = '(key, values) => `${values.length}`';

interface StartEvent {
  readonly data: unknown;
  readonly ports: readonly MessagePort[];
}

const frames: FakeFrame[] = [];
/** Why there was no sandbox. */
const missing: string[] = [];
afterEach(() => {
  for (const frame of frames.splice(0)) frame.remove();
  missing.splice(0);
});

class FakeFrame implements SandboxFrame {
  readonly loaded = Promise.resolve();
  isRemoved = false;
  readonly ports: MessagePort[] = [];

  readonly #script: string;

  constructor(script = SCRIPT) {
    this.#script = script;
    frames.push(this);
  }

  post(data: unknown, port: MessagePort): void {
    this.ports.push(port);
    let start: ((event: StartEvent) => void) | null = null;
    const self = {
      Worker: () => undefined,
      addEventListener: (_type: string, listener: typeof start) => (start = listener),
    };
    const world = { self, Uint32Array, MessageEvent, MessagePort: { prototype: port } };
    runInContext(this.#script, createContext(world));
    expect(self).not.toHaveProperty('Worker');
    (start as ((event: StartEvent) => void) | null)?.({ data, ports: [port] });
  }

  remove(): void {
    this.isRemoved = true;
    for (const port of this.ports) port.close();
  }
}

function runnerOf(map: string, reduce = REDUCE, frame: Partial<SandboxOptions> = {}) {
  return openSandboxRunner(
    { map, reduce },
    {
      timeLimitMs: () => PATIENCE_MS,
      loadTimeoutMs: PATIENCE_MS,
      readyTimeoutMs: PATIENCE_MS,
      onMissing: (reason) => void missing.push(reason),
      makeFrame: () => new FakeFrame(),
      ...frame,
    },
  );
}

function mapping(map: string) {
  return runnerOf(map).map({ name: 'file', contents: 'b a b' }, never);
}

test('functions get what they are to get, and their texts come back', async () => {
  const map =
    'function (name, contents) { return contents.split(" ").map((key) => ({ key, value: name })); }';
  const runner = runnerOf(map, '(key, values) => key + "=" + values.join("+")');
  expect(await runner.map({ name: 'file', contents: 'b a b' }, never)).toEqual([
    { key: 'b', value: 'file' },
    { key: 'a', value: 'file' },
    { key: 'b', value: 'file' },
  ]);
  const groups = [
    { key: 'b', values: ['1', '', '2'] },
    { key: '', values: [] },
    { key: 'ä', values: ['3'] },
  ];
  expect(await runner.reduce(groups, never)).toEqual(['b=1++2', '=', 'ä=3']);
  expect(frames).toHaveLength(1);
  runner.close();
  expect(frames[0]?.isRemoved).toBe(true);
});

test.each([
  ['() => { throw new Error("own words"); }', 'map: Error: own words'],
  ['() => { throw { toString() { throw 1; } }; }', 'map: an error that cannot be told'],
  ['() => { throw "x".repeat(10_000); }', `map: ${'x'.repeat(1_995)}`],
  ['() => [', 'map: SyntaxError: '],
  ['42', 'map: TypeError: this is no function'],
  ['() => 42', 'map: TypeError: '],
  ['async () => []', 'map: TypeError: '],
  ['() => [{ key: "k", value: 1 }]', 'map: TypeError: keys and values must be strings'],
  ['() => [{ key: "k".repeat(1e8), value: "" }]', 'map: RangeError: more than 67108864 characters'],
])('%s fails its task', async (map, message) => {
  const error = await mapping(map).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TaskError);
  expect(String((error as Error).message).startsWith(message)).toBe(true);
  expect((error as Error).message.length).toBeLessThanOrEqual(2_000);
  expect(frames[0]?.isRemoved).toBe(true);
});

test('a value that is no text is told with its key', async () => {
  const reducing = runnerOf('() => []', '() => null').reduce([{ key: 'k', values: [] }], never);
  await expect(reducing).rejects.toThrow('reduce: TypeError: the value of "k" is no string');
});

test('functions that change what everything is made of spoil their own results alone', async () => {
  const pollution = `
    Array.prototype.push = Array.prototype.join = String.prototype.slice = () => 'forged';
    Reflect.apply = Function.prototype.call = Function.prototype.apply = () => 'forged';
    MessagePort.prototype.postMessage = () => { throw new Error('forged'); };
    Object.prototype.type = 'ready';
    Object.prototype.id = 7;`;
  const pairs = await mapping(`() => { ${pollution} return [{ key: 'k', value: 'v' }]; }`);
  expect(pairs).toEqual([{ key: 'k', value: 'v' }]);
});

test('a list that iterates over what it does not have makes no more texts', async () => {
  const iterator = `function* () { for (let end = 0; end < 1000; end += 1) yield 0; yield 2; }`;
  const map = `() => {
    const pairs = { [Symbol.iterator]: [][Symbol.iterator].bind([{ key: 'k', value: 'v' }]) };
    Array.prototype[Symbol.iterator] = ${iterator};
    return pairs;
  }`;
  expect(await mapping(map)).toEqual([{ key: 'k', value: 'v' }]);
});

test('a getter of the functions does not come to see the port', async () => {
  const runner = runnerOf('() => []');
  await runner.map({ name: '', contents: '' }, never);
  const own = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data');
  const seen: unknown[] = [];
  function data(this: MessageEvent): unknown {
    seen.push(this.target);
    return own?.get?.call(this);
  }
  Object.defineProperty(MessageEvent.prototype, 'data', { ...own, get: data });
  try {
    await runner.map({ name: '', contents: '' }, never);
  } finally {
    Object.defineProperty(MessageEvent.prototype, 'data', own ?? {});
  }
  // The page's own end is seen, since here it has the same prototypes.
  expect(seen).toHaveLength(1);
  const [port] = frames[0]?.ports ?? [];
  expect(port).toBeDefined();
  expect(seen.includes(port)).toBe(false);
});

test('a sandbox of another version is none, and no fault of the job', async () => {
  const version = `PROTOCOL = ${PROTOCOL};`;
  expect(SCRIPT).toContain(version);
  const older = SCRIPT.replace(version, `PROTOCOL = ${PROTOCOL - 1};`);
  const makeFrame = () => new FakeFrame(older);
  const runner = runnerOf('() => []', REDUCE, { makeFrame, readyTimeoutMs: 50 });
  const error = await runner.map({ name: '', contents: '' }, never).catch((thrown) => thrown);
  expect(error).not.toBeInstanceOf(TaskError);
  expect(missing.splice(0)).toEqual([(error as Error).message]);
  expect(frames[0]?.isRemoved).toBe(true);
});

test('a frame that does not come, or comes with something else in it, is no fault of the job', async () => {
  const absent = { loaded: new Promise<void>(() => undefined), post: () => undefined };
  const other = { loaded: Promise.resolve(), post: () => undefined };
  for (const frame of [absent, other]) {
    let isRemoved = false;
    const makeFrame = () => ({ ...frame, remove: () => void (isRemoved = true) });
    const error = await runnerOf('() => []', REDUCE, {
      makeFrame,
      loadTimeoutMs: 20,
      readyTimeoutMs: 20,
    })
      .map({ name: '', contents: '' }, never)
      .catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(TaskError);
    expect(missing.splice(0)).toEqual([(error as Error).message]);
    expect((error as Error).message).toContain('did not start');
    expect(isRemoved).toBe(true);
  }
});
