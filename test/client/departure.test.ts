/** What is known of a node that was to be given up, whatever becomes of the call. */

import { expect, test } from 'vitest';

import { RpcFailure } from '../../src/client/rpc.ts';
import { failure } from '../../src/node/errors.ts';
import { openFake, verdict } from './fake-database.ts';

const never = (): Promise<never> => new Promise(() => undefined);

test('a node that is being forgotten may be gone, whatever the call ends with', async () => {
  const { tab, db } = await openFake();
  tab.nodeMethods.forget = never;
  const stopping = new AbortController();
  const aborted = verdict(db.leave({ force: true, signal: stopping.signal }));
  stopping.abort();
  expect(await aborted).toBe('Aborted unknown');
  const late = verdict(db.leave({ force: true, timeoutMs: 20 }));
  expect(await late).toBe('Timeout unknown');
  expect(await verdict(db.leave({ force: true, signal: AbortSignal.abort() }))).toBe('Aborted no');
  tab.nodeMethods.forget = async () => {
    throw new RpcFailure(failure('Refused', 'no', 'this node has the only copy of the data'));
  };
  expect(await verdict(db.leave({ force: true }))).toBe('Refused no');
  tab.nodeMethods.forget = never;
  const crashed = verdict(db.leave({ force: true }));
  tab.node.fail('error', 'boom');
  expect(await crashed).toBe('Internal unknown');
});
