/** Where this tab's node keeps its copy of everything, and whether the browser will keep that. */

import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import type { StorageStatus } from '../../node/status.ts';
import { askToKeep } from '../keeping.ts';
import { database, status } from '../store.ts';
import { formatBytes } from '../wording.ts';
import { Fact } from '../fact.tsx';

export function StorageSection() {
  const { value: known } = status;
  if (known === null) return <p class="hint">This tab’s node is not open.</p>;
  const { storage } = known;
  return (
    <>
      <dl class="settings-facts">
        <Fact name="Log, in two copies">
          <Copies storage={storage} />
        </Fact>
        <Fact name="Found at the start">{FOUND[storage.repaired]}</Fact>
        {storage.replacedNodeId !== null && (
          <Fact name="Replaces">
            <code>{storage.replacedNodeId}</code>, whose storage was lost
          </Fact>
        )}
        <Fact name="This site">
          <Usage storage={storage} />
        </Fact>
        <Fact name="Eviction">
          {storage.persisted
            ? 'The browser has promised to keep this site’s data.'
            : 'The browser may delete all of this site’s data when it needs room.'}
        </Fact>
      </dl>
      {!storage.persisted && <KeepAction />}
    </>
  );
}

const FOUND: Readonly<Record<StorageStatus['repaired'], string>> = {
  none: 'Both copies whole; nothing had to be repaired.',
  indexeddb: 'IndexedDB was repaired from the journal.',
  journal: 'The journal was repaired from IndexedDB.',
  both: 'Each copy was repaired from the other.',
};

function Copies({ storage: { state, logBytes } }: { readonly storage: StorageStatus }) {
  if (state === 'failed') return <span class="bad">Failed: this node has stopped.</span>;
  if (state === 'full') return <span class="bad">No room left: this node has stopped.</span>;
  const each = formatBytes(logBytes);
  return (
    <ul class="settings-list">
      <li>IndexedDB: whole, {each}</li>
      <li>Journal in OPFS: whole, {each}</li>
    </ul>
  );
}

function Usage({ storage: { usageBytes, quotaBytes } }: { readonly storage: StorageStatus }) {
  const label = useId();
  if (usageBytes === null || quotaBytes === null) return <>The browser does not tell.</>;
  return (
    <>
      <span id={label}>
        {formatBytes(usageBytes)} of {formatBytes(quotaBytes)}, with all its clusters
      </span>
      <meter min={0} max={quotaBytes} value={usageBytes} aria-labelledby={label} />
    </>
  );
}

/** Some browsers ask the person, others go by how much the site is used. */
function KeepAction() {
  const isBusy = useSignal(false);
  const answer = useSignal('');

  async function ask(): Promise<void> {
    isBusy.value = true;
    answer.value = '';
    const isKept = await askToKeep(database.value);
    isBusy.value = false;
    // Where it has promised, the facts say so, and this button goes.
    if (isKept === false) {
      answer.value = 'It has not promised. Bookmark or install this page, and ask again.';
    } else if (isKept === null) answer.value = 'It could not be asked: the node has stopped.';
  }

  return (
    <div class="settings-action">
      <button
        type="button"
        class="button"
        disabled={isBusy.value || database.value === null}
        onClick={() => void ask()}
      >
        Ask the browser to keep it
      </button>
      <p class="hint" role="status">
        {answer.value}
      </p>
    </div>
  );
}
