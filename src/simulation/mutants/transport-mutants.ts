/** Faults of the transport in whom it links with, and what it lets them say: its suites kill them. */

import type { Mutant, Suite } from './mutant.ts';

const HANDSHAKE: Suite = { project: 'unit', file: 'test/transport/handshake-access.test.ts' };
const MESH: Suite = { project: 'unit', file: 'test/transport/mesh-access.test.ts' };
const OFFER_GATE: Suite = { project: 'unit', file: 'test/transport/offer-gate.test.ts' };

export const TRANSPORT_MUTANTS: readonly Mutant[] = [
  {
    name: 'signature-not-checked',
    breaks: 'Who claims a key need not have it, as long as the secret is known',
    file: 'src/transport/transcript.ts',
    find: 'if (!(await isSignedBy(claims.key, signed, proofs.signature))) return null;',
    replace: 'await isSignedBy(claims.key, signed, proofs.signature);',
    suite: HANDSHAKE,
  },
  {
    name: 'removed-member-linked',
    breaks: 'A member that was removed is linked like one that was let go (TR7)',
    file: 'src/transport/access-policy.ts',
    find: "return { type: 'refused', reason: 'removed' };",
    replace: "return { type: 'vouched', by: null };",
    suite: HANDSHAKE,
  },
  {
    name: 'voucher-not-checked',
    breaks: "Naming a member is as good as that member's word",
    file: 'src/transport/access-rule.ts',
    find: 'if (key === null || !(await isVoucher(vouched, voucher, key))) continue;',
    replace:
      'if (key === null || !(await isVoucher(vouched, voucher, key).then(() => true))) continue;',
    suite: OFFER_GATE,
  },
  {
    name: 'offer-without-secret-judged',
    breaks: 'An offer of somebody without the secret is judged like any other',
    file: 'src/transport/offer-gate.ts',
    find: "if (!(await hasSecret(offerProof, offer, proof))) return 'stranger';",
    replace: 'await hasSecret(offerProof, offer, proof);',
    suite: OFFER_GATE,
  },
  {
    name: 'invited-node-says-anything',
    breaks: 'A node that only an invite lets in may send more than requests to join (TR6)',
    file: 'src/transport/link-access.ts',
    find: "return standing.admitted.type === 'invited' ? null : message;",
    replace: 'return message;',
    suite: MESH,
  },
  {
    name: 'admission-as-claimed',
    breaks: 'A request to join holds what it says, not what was proved (TR6)',
    file: 'src/transport/link-access.ts',
    find: 'if (isOwnRequest) return withProved(message, standing);',
    replace:
      'if (isOwnRequest) return standing === null ? withProved(message, standing) : message;',
    suite: MESH,
  },
  {
    name: 'barred-link-stays',
    breaks: 'The link of a node that may not have one any more goes on (TR7)',
    file: 'src/transport/mesh.ts',
    find: "      this.#counters.add('linksBarred');\n      this.#drop(link);",
    replace: "      this.#counters.add('linksBarred');",
    suite: MESH,
  },
  {
    name: 'removal-told-by-anybody',
    breaks: 'Who has the secret can make a member believe that it was removed (TR7)',
    file: 'src/transport/mesh.ts',
    find: "if (reason === 'removed' && !isByMember) return;",
    replace: 'if (isByMember === null) return;',
    suite: MESH,
  },
];
