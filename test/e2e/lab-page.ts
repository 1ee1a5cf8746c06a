/** A page that has nothing but the Lab's worker, as `globalThis.lab`. */

import { RpcClient } from '../../src/client/rpc.ts';
import type { LabApi } from '../../src/lab/protocol.ts';
import { admitOwnScripts } from '../../src/ui/script-policy.ts';

declare global {
  var lab: RpcClient<LabApi, never> | undefined;
}

admitOwnScripts();
const worker = new Worker(new URL('../../src/lab-worker.ts', import.meta.url), { type: 'module' });
globalThis.lab = new RpcClient(worker, () => undefined);
