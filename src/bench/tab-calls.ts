/**
 * Calls between the tabs of a benchmark, over a BroadcastChannel that has the name of the tab that
 * answers. Not `client/rpc.ts`, whose answering end is for workers only and is to stay out of the page's
 * first load. One tab conducts, so calls need no more than numbers to tell their answers apart; what
 * fails comes back as its message.
 */

import type { CallTab, TabApi } from './tab-api.ts';

type Message =
  | {
      readonly type: 'call';
      readonly id: string;
      readonly method: string;
      readonly args: unknown[];
    }
  | { readonly type: 'value'; readonly id: string; readonly value: unknown }
  | { readonly type: 'error'; readonly id: string; readonly message: string };

/** Until the channel is closed, which is given back. */
export function answerCalls(name: string, api: TabApi): BroadcastChannel {
  const channel = new BroadcastChannel(name);
  const post = (message: Message): void => channel.postMessage(message);
  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    if (data.type !== 'call') return;
    const { id, method, args } = data;
    callByName(api, method, args).then(
      (value) => post({ type: 'value', id, value }),
      (error: unknown) => post({ type: 'error', id, message: messageOf(error) }),
    );
  });
  return channel;
}

/** Also for callers from outside the page, to whom methods are names. */
export async function callByName(api: TabApi, method: string, args: unknown[]): Promise<unknown> {
  const methods = api as object as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (run === undefined) throw new Error(`no such method: ${method}`);
  return run(...args);
}

/** A call is pending for ever where the tab goes, or the channel is closed. */
export function tabCaller(channel: BroadcastChannel): CallTab {
  const pending = new Map<string, { resolve(value: unknown): void; reject(error: Error): void }>();
  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    const waiting = pending.get(data.id);
    if (waiting === undefined || data.type === 'call') return;
    pending.delete(data.id);
    if (data.type === 'value') waiting.resolve(data.value);
    else waiting.reject(new Error(data.message));
  });
  const call = (method: string, ...args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = crypto.randomUUID();
      pending.set(id, { resolve, reject });
      const message: Message = { type: 'call', id, method, args };
      channel.postMessage(message);
    });
  return call as CallTab;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
