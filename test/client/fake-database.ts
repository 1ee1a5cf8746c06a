/** A database over fake workers, put away with the test that opened it. */

import { onTestFinished } from 'vitest';
import { DatabaseHandle } from '../../src/client/database-handle.ts';
import { ResqliteError } from '../../src/client/errors.ts';
import { TabNode } from '../../src/client/tab-node.ts';
import { WokenNodes } from '../../src/client/woken-nodes.ts';
import { FakeTab } from './fake-workers.ts';

export async function openFake(tab = new FakeTab()) {
  onTestFinished(() => {
    tab.node.terminate();
    tab.sql.terminate();
  });
  const node = new TabNode(tab, () => ({ close: () => undefined }));
  const autopilot = {};
  const which = { invite: null, clusterId: null, preferredNodeId: null, woken: false };
  const wanted = { ...which, autopilot, keepsake: null };
  const result = await node.open(wanted);
  const start = (): never => {
    throw new Error('there is no other node');
  };
  const watchPage = start;
  const woken = new WokenNodes({ ...result, node, autopilot, start, watchPage });
  tab.calls.length = 0;
  return {
    tab,
    node,
    db: new DatabaseHandle(node, woken, result, () => node.close()),
    /** Another handle of the same node, which its closing leaves open. */
    another: () => new DatabaseHandle(node, woken, result, async () => undefined),
  };
}

/** What `work` fails with. */
export async function errorOfCall(work: Promise<unknown>): Promise<ResqliteError> {
  const error: unknown = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (!(error instanceof ResqliteError)) throw new Error(`no ResqliteError: ${String(error)}`);
  return error;
}

/** Code and effect of what `work` fails with. */
export async function verdict(work: Promise<unknown>): Promise<string> {
  const { code, applied } = await errorOfCall(work);
  return `${code} ${applied}`;
}
