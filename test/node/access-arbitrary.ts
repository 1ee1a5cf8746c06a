/** Anything that a configuration may say of who is known by which key, and who may ask to join. */

import fc from 'fast-check';
import { isNodeId } from '../../src/node/entry-codec.ts';
import {
  MAX_FORMER_MEMBERS,
  MAX_INVITES,
  MAX_KEY_CHARACTERS,
  MAX_REMOVED_MEMBERS,
} from '../../src/node/limits.ts';
import type { Access, InviteRecord, NodeId } from '../../src/raft/types.ts';

const nodeId = fc.stringMatching(/^[a-z2-7]{10,32}$/).filter(isNodeId);
const integer = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
export const key = fc.stringMatching(new RegExp(`^[ -~]{0,${MAX_KEY_CHARACTERS}}$`));

export const invite: fc.Arbitrary<InviteRecord> = fc.record({
  id: key,
  verifier: key,
  createdAtMs: integer,
  expiresAtMs: fc.option(integer, { nil: null }),
  usesLeft: fc.option(integer, { nil: null }),
});

/** Without the keys of members, which depend on who they are. */
const lists: fc.Arbitrary<Omit<Access, 'keys'>> = fc.record({
  former: fc.uniqueArray(fc.record({ nodeId, key }), {
    maxLength: MAX_FORMER_MEMBERS,
    selector: (one) => one.nodeId,
  }),
  removed: fc.uniqueArray(nodeId, { maxLength: MAX_REMOVED_MEMBERS }),
  invites: fc.uniqueArray(invite, { maxLength: MAX_INVITES, selector: ({ id }) => id }),
});

/** Some of the members have a key. */
export const accessFor: fc.Arbitrary<(members: readonly NodeId[]) => Access> = fc
  .record({ lists, keys: fc.array(fc.option(key, { nil: null }), { maxLength: 32 }) })
  .map((drawn) => (members) => {
    const keys: Record<NodeId, string> = {};
    for (const [i, id] of members.entries()) {
      const own = drawn.keys[i] ?? null;
      if (own !== null) keys[id] = own;
    }
    return { ...drawn.lists, keys };
  });
