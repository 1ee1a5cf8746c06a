/** How two tabs get a raw data channel between them: offer, answer, and both ends open. */

import type { CallTab } from './tab-api.ts';

export async function connectTabs(from: CallTab, to: CallTab): Promise<void> {
  const answer = await to('acceptChannel', await from('offerChannel'));
  await Promise.all([from('establishChannel', answer), to('establishChannel', null)]);
}
