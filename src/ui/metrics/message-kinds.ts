/** The kinds by which messages are counted for a person: a dozen and more names come to six. Pure. */

import type { MessageName } from '../../node/inspection.ts';

export type MessageKind = 'append' | 'heartbeat' | 'answer' | 'vote' | 'snapshot' | 'other';

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
  'read-index-response': 'other',
  propose: 'other',
  'propose-refused': 'other',
  'join-request': 'other',
  'join-response': 'other',
  removed: 'other',
  'configuration-notice': 'other',
  'administration-request': 'other',
  'administration-response': 'other',
  'state-hash': 'other',
  announce: 'other',
};

export function kindOf(name: MessageName): MessageKind {
  return KINDS[name];
}
