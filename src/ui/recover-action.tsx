/**
 * The last resort of a cluster whose other members are gone for good: offered when there has been no
 * quorum for a while and nothing that is stored here could help, and carried out when the person has
 * read what it costs.
 */

import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import type { Database } from '../client/database.ts';
import { toReadError } from '../client/errors.ts';
import { DatabaseAction } from './database-action.tsx';
import { healthOf } from './health.ts';
import { shellHost } from './shell-host.ts';
import type { Question } from './shell/shell-ports.ts';
import { database, goOnAs, status } from './store.ts';
import { freeNodes, isWaking, wakeError } from './stored-nodes.ts';

/** How long there must have been no quorum: tabs that are reloaded, or wake up, are back by then. */
const LOST_NOTICE_MS = 12_000;

const QUESTION: Question = {
  title: 'Go on without the others?',
  text:
    'Only where the other members are gone for good. The copy in this browser goes on as a new cluster, ' +
    'with another id and key. What the others had acknowledged and this copy never got is lost. All ' +
    'stored copies of the old cluster in this browser profile are given up: close its other tabs first. ' +
    'If a majority of the others still lives somewhere, there are two clusters from then on, and ' +
    'nothing brings them together again. Where the cluster may live on with members that came while ' +
    'this browser was away, which this copy cannot know, clear this site’s data here instead, and come ' +
    'in anew by an invite of theirs. Members of the old one come back as new members only, by an ' +
    'invite. This cannot be undone.',
  file: null,
  field: null,
  action: 'Go on as a new cluster',
  isDangerous: true,
};

const hasLostQuorum = computed(() => {
  const { value: known } = status;
  const isAlone = known?.state === 'running' && healthOf(known).spareVoters < 0;
  const isHelpless = freeNodes.value === 0 || wakeError.value !== null;
  return isAlone && known.leaderId === null && isHelpless && !isWaking.value;
});
const isOffered = signal(false);
/** There has been no quorum for long enough, and nothing here could help. */
export const isRecoveryOffered: ReadonlySignal<boolean> = isOffered;
const problem = signal<string | null>(null);

effect(() => {
  if (!hasLostQuorum.value) {
    isOffered.value = false;
    problem.value = null;
    return undefined;
  }
  const timer = setTimeout(() => {
    isOffered.value = true;
  }, LOST_NOTICE_MS);
  return () => clearTimeout(timer);
});

export function RecoverAction() {
  if (!isOffered.value) return null;
  return (
    <DatabaseAction
      database={database.value}
      label="Recover…"
      run={recover}
      hint={
        problem.value ?? 'Where the others are gone for good: this copy can go on as a new cluster.'
      }
    />
  );
}

async function recover(from: Database): Promise<void> {
  problem.value = null;
  if ((await shellHost.ask(QUESTION)) === null) return;
  try {
    goOnAs((await from.recover()).clusterId);
  } catch (error) {
    problem.value = toReadError(error).message;
  }
}
