/**
 * The floor of a commit on three tabs: what no protocol can go below here. All tabs make a record
 * durable at once, in both places, and a frame goes to another tab's worker and back. A reading is the
 * sum of a put and a round trip: followers cannot begin before they are told, nor be heard before they
 * are done.
 */

import { connectTabs } from './channel-setup.ts';
import { scaled, type Context } from './context.ts';
import type { Subject } from './measurement.ts';
import type { Reading } from './report.ts';
import type { Tab } from './tabs.ts';
import { FLOOR } from './targets.ts';

const PUTS = 200;
const WARM_UP_PUTS = 50;
/** What the log's record of one inserted row takes. */
const RECORD_BYTES = 300;

export function floorSubject(context: Context): Subject {
  const { tabs } = context;
  let hasChannel = false;
  let pinging: Tab | null = null;
  const measure = async (count: number): Promise<readonly Reading[]> => {
    const puts = await Promise.all(tabs.all.map((tab) => tab.call('put', count, RECORD_BYTES)));
    const roundTrips = hasChannel ? await pinging?.call('ping', count, RECORD_BYTES) : null;
    const [first = []] = puts;
    const commits = first.map((putMs, at) => putMs + (roundTrips?.[at] ?? 0));
    return [
      { figure: 'commit', unit: 'ms', values: commits },
      { figure: 'floor-put', unit: 'ms', values: puts.flat() },
      ...(roundTrips === null || roundTrips === undefined
        ? []
        : [{ figure: 'floor-round-trip', unit: 'ms', values: roundTrips } as const]),
    ];
  };
  return {
    name: FLOOR,
    settings: `a record of ${RECORD_BYTES} bytes in ${tabs.all.length} tabs at once`,
    warmUp: async () => {
      await Promise.all(tabs.all.map((tab) => tab.call('openFloor')));
      const { leader, followers } = await tabs.roles();
      const [follower] = followers;
      pinging = leader;
      if (follower !== undefined) await connectTabs(leader.call, follower.call);
      hasChannel = follower !== undefined;
      await measure(scaled(context, WARM_UP_PUTS));
    },
    round: () => measure(scaled(context, PUTS)),
    // The worker counts its records itself.
    verify: async () => undefined,
    close: async () => {
      await Promise.all(tabs.all.map((tab) => tab.call('closeFloor')));
      await Promise.all(tabs.all.map((tab) => tab.call('closeChannel')));
    },
  };
}
