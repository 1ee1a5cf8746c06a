/**
 * Code that most pages never run, fetched when it is first called for. Before that nothing is begun, so
 * one that cannot be had has changed nothing.
 */

import { failure } from '../node/errors.ts';
import { ResqliteError } from './errors.ts';

/** `fetchCode` is one `import()`. Rejects with `ResqliteError`. */
export async function late<Module>(fetchCode: () => Promise<Module>): Promise<Module> {
  try {
    return await fetchCode();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `a part of the library could not be loaded: ${reason}`;
    throw new ResqliteError(failure('Internal', 'no', message));
  }
}
