/** The kinds by which messages are drawn and counted: a dozen and more names come to six. Pure. */

import type { MessageName } from '../../node/inspection.ts';
import type { MessageKind } from './drawn.ts';

const KINDS: Readonly<Record<MessageName, MessageKind>> = {
  'append-entries': 'append',
  heartbeat: 'heartbeat',
  'append-entries-response': 'answer',
  'request-vote': 'vote',
  'request-vote-response': 'vote',
  'pre-vote': 'vote',
  'pre-vote-response': 'vote',
  'timeout-now': 'vote',
  'install-snapshot': 'snapshot',
  'install-snapshot-response': 'snapshot',
  'snapshot-request': 'snapshot',
  'read-index-request': 'other',
  'read-index-response': 'answer',
  propose: 'other',
  'propose-refused': 'answer',
  'join-request': 'other',
  'join-response': 'answer',
  removed: 'other',
  'configuration-notice': 'other',
  'administration-request': 'other',
  'administration-response': 'answer',
  'state-hash': 'other',
  announce: 'other',
};

/** Of a later version there may be names that are not known here. */
export function kindOf(name: MessageName): MessageKind {
  return Object.hasOwn(KINDS, name) ? KINDS[name] : 'other';
}
