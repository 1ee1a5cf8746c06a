/** The keys with the beginnings of their values, as they change. */

import type { ListedKey } from '../../../apps/kv/kv.ts';
import { formatBytes, formatCounted } from '../../wording.ts';
import type { KeyList } from './key-list.ts';

interface Props {
  readonly keys: KeyList;
  readonly onPick: (key: string) => void;
}

export function KeyListCard({ keys, onPick }: Props) {
  const { value: page } = keys.page;
  const { value: problem } = keys.problem;
  const { value: prefix } = keys.prefix;
  return (
    <section class="card kv-card" aria-labelledby="kv-keys">
      <div class="kv-head">
        <h2 id="kv-keys">Keys</h2>
        <span class="hint kv-count">{page !== null && countOf(page.keys.length, page.next)}</span>
      </div>
      <label class="dialog-field">
        <span>Begin with</span>
        <input
          type="text"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-invalid={problem !== null}
          aria-describedby="kv-problem"
          value={prefix}
          onInput={({ currentTarget }) => {
            keys.prefix.value = currentTarget.value;
          }}
        />
      </label>
      <p id="kv-problem" class="hint bad" role="status">
        {problem}
      </p>
      {page !== null && page.keys.length === 0 && (
        <p class="hint">{prefix === '' ? 'There is no key yet.' : 'No key begins so.'}</p>
      )}
      {page !== null && page.keys.length > 0 && (
        <ul class="kv-keys" aria-label="Keys" tabIndex={0}>
          {page.keys.map((listed) => (
            <KeyLine key={listed.key} listed={listed} onPick={onPick} />
          ))}
        </ul>
      )}
    </section>
  );
}

interface KeyLineProps {
  readonly listed: ListedKey;
  readonly onPick: Props['onPick'];
}

function KeyLine({ listed: { key, start, bytes, version }, onPick }: KeyLineProps) {
  return (
    <li>
      <button type="button" class="kv-key" title={`Version ${version}`} onClick={() => onPick(key)}>
        <code class="kv-key-name">{key}</code>
        <span class="hint kv-key-size">{formatBytes(bytes)}</span>
        <span class="kv-key-start">{start === '' ? <em>empty</em> : start}</span>
      </button>
    </li>
  );
}

function countOf(shown: number, next: string | null): string {
  return next === null ? formatCounted(shown, 'key') : `the first ${shown}`;
}
