/**
 * Runs functions that somebody typed in, where they can harm nobody: in a worker of a hidden frame
 * (public/sandbox.html) whose origin is its own, which stores nothing and asks nobody for anything. The
 * frame is made with the first call and goes with whatever is to be ended: no loop outlives its frame.
 *
 * The page hands one end of a channel to the very window that it made, and hears nothing but what comes
 * out of the other end; messages of windows it never listens to. What comes is looked at by
 * runner-protocol.ts.
 *
 * The frame comes from the page's server each time, because service workers do not serve frames of such
 * an origin. Where it does not come, that is not the functions' fault: no `TaskError`.
 */

import type { JobRunner, TypedFunctions } from '../../../apps/mapreduce/job.ts';
import { RemoteRunner, type Place } from '../../../apps/mapreduce/remote-runner.ts';
import { messageOf } from '../../wording.ts';
import { ANSWER_LENGTH_MAX, isReady, PAIRS_MAX } from '../../../apps/mapreduce/runner-protocol.ts';

/** Until the frame has come. Firefox does not say that it will not; Chromium has an error page come. */
const LOAD_TIMEOUT_MS = 10_000;
/** From then until its worker runs. */
const READY_TIMEOUT_MS = 5_000;
const ADDRESS = 'sandbox.html';
const NOT_STARTED =
  'The sandbox for own functions did not start in this tab: the page’s server has to be reached for it.';

/** What of the frame is needed here. */
export interface SandboxFrame {
  /** Resolves when it is there, or what the browser shows in its place. */
  readonly loaded: Promise<void>;
  /** To its own window. */
  post(start: SandboxStart, port: MessagePort): void;
  remove(): void;
}

export interface SandboxStart {
  readonly source: { readonly map: string; readonly reduce: string };
  readonly lengthMax: number;
  readonly pairsMax: number;
}

export interface SandboxOptions {
  /** For a call, in milliseconds. Asked each time. */
  readonly timeLimitMs: () => number;
  /** There is no sandbox in this tab, for now: others should do the work. */
  readonly onMissing: (reason: string) => void;
  readonly makeFrame?: () => SandboxFrame;
  readonly loadTimeoutMs?: number;
  readonly readyTimeoutMs?: number;
}

export function openSandboxRunner(source: TypedFunctions, options: SandboxOptions): JobRunner {
  return new RemoteRunner({
    start: async () => {
      try {
        return await startSandbox(source, options);
      } catch (error) {
        options.onMissing(messageOf(error));
        throw error;
      }
    },
    timeLimitMs: options.timeLimitMs,
  });
}

async function startSandbox(
  { map, reduce }: TypedFunctions,
  options: SandboxOptions,
): Promise<Place> {
  const { loadTimeoutMs = LOAD_TIMEOUT_MS, readyTimeoutMs = READY_TIMEOUT_MS } = options;
  const frame = (options.makeFrame ?? hiddenFrame)();
  const { port1: own, port2: theirs } = new MessageChannel();
  let hear: ((data: unknown) => void) | null = null;
  own.addEventListener('message', ({ data }) => hear?.(data));
  own.start();
  const end = (): void => {
    own.close();
    frame.remove();
  };
  const ready = new Promise<void>((resolve) => {
    hear = (data) => {
      if (isReady(data)) resolve();
    };
  });
  try {
    await within(loadTimeoutMs, frame.loaded);
    const limits = { lengthMax: ANSWER_LENGTH_MAX, pairsMax: PAIRS_MAX };
    frame.post({ source: { map, reduce }, ...limits }, theirs);
    await within(readyTimeoutMs, ready);
  } catch (error) {
    end();
    throw error;
  }
  return {
    post: (call) => own.postMessage(call),
    listen: (listener) => {
      hear = listener;
    },
    end,
  };
}

async function within(timeoutMs: number, event: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(NOT_STARTED)), timeoutMs);
  });
  await Promise.race([event, late]).finally(() => clearTimeout(timer));
}

function hiddenFrame(): SandboxFrame {
  const frame = document.createElement('iframe');
  // No origin, no forms, no windows: scripts only.
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.referrerPolicy = 'no-referrer';
  frame.title = 'Sandbox for typed-in functions';
  frame.hidden = true;
  frame.src = new URL(ADDRESS, document.baseURI).href;
  const loaded = new Promise<void>((resolve) => {
    frame.addEventListener('load', () => resolve(), { once: true });
  });
  document.body.append(frame);
  return {
    loaded,
    // An opaque origin has no name to send to; the window is the one that was just made.
    post: (start, port) => frame.contentWindow?.postMessage(start, '*', [port]),
    remove: () => frame.remove(),
  };
}
