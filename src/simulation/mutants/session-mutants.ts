/** Faults of exactly-once writes (thesis section 6.3). */

import type { Mutant } from './mutant.ts';

export const SESSION_MUTANTS: readonly Mutant[] = [
  {
    name: 'duplicate-runs-again',
    breaks: 'A copy of a request takes effect a second time',
    file: 'src/node/sessions.ts',
    find: '    return request.sequence <= session.lastSequence ? this.recall(request) : null;',
    replace: `    session.lastSequence = request.sequence - 1;
    return null;`,
    suite: null,
  },
  {
    name: 'session-gap-accepted',
    breaks: 'A request runs though one before it was lost: that one never runs any more',
    file: 'src/node/sessions.ts',
    find: '    if (request.sequence > session.lastSequence + 1) return this.recall(request);\n',
    replace: `    if (request.sequence > session.lastSequence + 1) {
      session.lastSequence = request.sequence - 1;
    }
`,
    suite: { project: 'unit', file: 'test/sqlite/sessions.test.ts' },
  },
  {
    name: 'unknown-session-recreated',
    breaks: 'A request of an evicted session begins it anew instead of failing',
    file: 'src/node/sessions.ts',
    find: '    if (session === undefined) return this.recall(request);\n    session.lastIndex = index;',
    replace: `    if (session === undefined) {
      this.restore(request.sessionId, {
        lastSequence: request.sequence - 1,
        lastIndex: index,
        durableNonce: null,
        responses: new Map(),
      });
      return null;
    }
    session.lastIndex = index;`,
    suite: { project: 'unit', file: 'test/sqlite/sessions.test.ts' },
  },
  {
    name: 'session-expiry-by-local-state',
    breaks: 'Which session goes depends on how this node cut its batches, not on the log',
    file: 'src/node/sessions.ts',
    find: '      if (session.lastIndex >= idleIndex) continue;',
    replace: '      if (session.lastIndex >= idleIndex || this.#changed.has(sessionId)) continue;',
    suite: null,
  },
  {
    name: 'request-renumbered-on-retry',
    breaks: 'What is sent again to a new leader goes under a new number: two copies take effect',
    file: 'src/node/writes.ts',
    find: 'if (this.#patience.observe(leader, nowMs)) this.#resendDue = true;',
    replace: 'if (this.#patience.observe(leader, nowMs)) this.#startOver();',
    suite: null,
  },
  {
    name: 'timeout-called-failure',
    breaks: "A write that may yet take effect fails with 'no'",
    file: 'src/node/writes.ts',
    find: "this.#fail(write, this.#patience.failure('unknown'));",
    replace: "this.#fail(write, this.#patience.failure('no'));",
    suite: null,
  },
  {
    name: 'late-request-refused-for-ever',
    breaks: 'A late copy of a request makes a new leader refuse its session as a gap for ever',
    file: 'src/node/intake.ts',
    find: 'const last = Math.max(admitted, session.lowestUnanswered - 1);',
    replace: 'const last = admitted === 0 ? session.lowestUnanswered - 1 : admitted;',
    suite: { project: 'unit', file: 'test/node/intake.test.ts' },
  },
  {
    name: 'unanswered-never-sent-again',
    breaks: 'What the old leader had in hand is not sent to the new one',
    file: 'src/node/writes.ts',
    find: 'if (this.#patience.observe(leader, nowMs)) this.#resendDue = true;',
    replace: 'this.#patience.observe(leader, nowMs);',
    suite: { project: 'unit', file: 'test/node/writes.test.ts' },
  },
  {
    name: 'session-table-not-in-snapshot',
    breaks: 'A snapshot lacks the session table: what is sent again takes effect again (7)',
    file: 'src/simulation/model-state.ts',
    find: '      sessions.restore(id, { lastSequence, lastIndex, durableNonce, responses });\n',
    replace: '',
    suite: null,
  },
  {
    name: 'durable-session-registered-twice',
    breaks: 'A registration that is asked for again by its nonce leaves a session behind',
    file: 'src/node/sessions.ts',
    find: '    const known = durable ? this.#durableOf(nonce) : null;',
    replace: '    const known = null;',
    suite: { project: 'unit', file: 'test/sqlite/sessions.test.ts' },
  },
  {
    name: 'queued-answer-dropped-early',
    breaks: 'A queued write that is sent with others tells the cluster to forget their answers',
    file: 'src/storage/outbox-sender.ts',
    find: 'const session = { ...sent, lowestUnanswered };',
    replace: 'const session = { ...sent, lowestUnanswered: sent.sequence };',
    suite: { project: 'unit', file: 'test/storage/outbox-sender.test.ts' },
  },
  {
    name: 'queued-session-closed-early',
    breaks: 'The session of queued writes is closed while some of them wait under it',
    file: 'src/storage/outbox-changes.ts',
    find: '  if (waitingIn(outbox).length > 0) return outbox;\n',
    replace: '',
    suite: { project: 'unit', file: 'test/storage/outbox-sender.test.ts' },
  },
];
