/**
 * Whether every member has the same state: the hashes of the last state check, side by side. The node
 * is looked into only while this is unfolded.
 */

import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import type { Database } from '../../client/database.ts';
import { toReadError } from '../../client/errors.ts';
import type { Inspection } from '../../node/inspection.ts';
import { listMembers } from '../health.ts';
import { database, status } from '../store.ts';
import { formatCount, shortId } from '../wording.ts';
import {
  agreementOf,
  describeVerdict,
  type Agreement,
  type MemberHash,
} from './state-agreement.ts';

/** Enough of a hash to see a difference at a glance; all of it is in the title. */
const HASH_CHARACTERS = 12;

/** What is known of the last check. */
interface LastCheck {
  readonly hashes: Inspection['stateHashes'];
  /** How far this node has applied by now. */
  readonly applied: number;
  /** For how long it has been known here; null: since before anybody looked. */
  readonly ageMs: number | null;
}

export function StatePanel() {
  const isOpen = useSignal(false);
  const last = useSignal<LastCheck | null>(null);
  useSignalEffect(() => {
    const { value: db } = database;
    if (!isOpen.value || db === null) return undefined;
    const end = followChecks(db, (check) => {
      last.value = check;
    });
    return () => {
      end();
      last.value = null;
    };
  });
  return (
    <details
      class="state-panel"
      onToggle={({ currentTarget }) => {
        isOpen.value = currentTarget.open;
      }}
    >
      <summary>Same on every member?</summary>
      {last.value !== null && <Check check={last.value} />}
      {isOpen.value && <OwnHash />}
    </details>
  );
}

/** The answer ends it. */
function followChecks(db: Database, onCheck: (check: LastCheck) => void): () => void {
  let known: { readonly index: number; readonly sinceMs: number | null } | null = null;
  return db.inspect(({ stateHashes, lastApplied, atMs }) => {
    const index = stateHashes?.index ?? 0;
    if (known === null) known = { index, sinceMs: index === 0 ? atMs : null };
    else if (index !== known.index) known = { index, sinceMs: atMs };
    const ageMs = known.sinceMs === null ? null : atMs - known.sinceMs;
    onCheck({ hashes: stateHashes, applied: lastApplied, ageMs });
  });
}

function Check({ check: { hashes, applied, ageMs } }: { readonly check: LastCheck }) {
  const members = useComputed(() => {
    const { value: known } = status;
    return known === null ? [] : listMembers(known).map(({ nodeId }) => nodeId);
  }).value;
  const agreement = agreementOf(hashes, members);
  return (
    <>
      <p class={`verdict verdict-${agreement.verdict}`} role="status">
        {describeVerdict(agreement)}
      </p>
      {hashes !== null && (
        <>
          <p class="hint">{placeOf(hashes.index, applied, ageMs)}</p>
          <Hashes agreement={agreement} />
        </>
      )}
      <p class="hint">
        Each check hashes one part of the database, the next one the next part, so that all of it is
        gone over in turn. Hashes of different entries say nothing about each other.
      </p>
    </>
  );
}

function placeOf(index: number, applied: number, ageMs: number | null): string {
  const facts = [
    `At index ${formatCount(index)}`,
    applied > index ? `now ${formatCount(applied)} is applied` : 'the newest entry',
    ...(ageMs === null ? [] : [`heard ${formatAge(ageMs)} ago`]),
  ];
  return `${facts.join(' · ')}.`;
}

function formatAge(ageMs: number): string {
  const seconds = Math.floor(ageMs / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function Hashes({ agreement: { members, verdict } }: { readonly agreement: Agreement }) {
  return (
    <ul class="state-hashes" aria-label="Hash of each member">
      {members.map((member) => (
        <li key={member.nodeId} class={lookOf(member, verdict)}>
          <code title={member.nodeId}>{shortId(member.nodeId)}</code>
          {member.hash === null ? (
            <span>not heard</span>
          ) : (
            <code title={member.hash}>{member.hash.slice(0, HASH_CHARACTERS)}…</code>
          )}
          {member.nodeId === status.value?.nodeId && <span class="hint">this tab</span>}
          {member.isOdd && <span>differs</span>}
        </li>
      ))}
    </ul>
  );
}

function lookOf({ hash, isOdd }: MemberHash, verdict: Agreement['verdict']): string {
  if (isOdd) return 'hash-odd';
  return verdict === 'equal' && hash !== null ? 'hash-equal' : '';
}

/** Of the whole database, as this tab has it now: to be compared with another tab's by hand. */
function OwnHash() {
  const said = useSignal<{ readonly text: string; readonly hash: string | null } | null>(null);
  const isBusy = useSignal(false);
  const { value: db } = database;

  async function compute(from: Database): Promise<void> {
    isBusy.value = true;
    try {
      const { index, hash } = await from.hash();
      said.value = { text: `At index ${formatCount(index)}: `, hash };
    } catch (error) {
      said.value = { text: toReadError(error).message, hash: null };
    }
    isBusy.value = false;
  }

  return (
    <div class="own-hash">
      <button
        type="button"
        class="link"
        disabled={db === null || isBusy.value}
        onClick={() => {
          if (db !== null) void compute(db);
        }}
      >
        {isBusy.value ? 'Hashing…' : 'Hash all of it in this tab'}
      </button>
      <p class="hint" role="status">
        {said.value !== null && (
          <>
            {said.value.text}
            {said.value.hash !== null && <code>{said.value.hash}</code>}
          </>
        )}
      </p>
    </div>
  );
}
