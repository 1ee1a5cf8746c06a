/** Who has an account, searched by a pattern. Whoever is chosen is written to. */

import { formatCount } from '../../wording.ts';
import type { ChatStore } from './chat-store.ts';

interface Props {
  readonly store: ChatStore;
  readonly user: string;
}

export function PeopleCard({ store, user }: Props) {
  const { value: problem } = store.searchProblem;
  return (
    <section class="card chat-people" aria-labelledby="chat-people-title">
      <h2 id="chat-people-title">People</h2>
      <label class="chat-field">
        <span>Search users</span>
        <input
          type="search"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-describedby="chat-search-hint"
          value={store.pattern.value}
          onInput={({ currentTarget }) => {
            store.pattern.value = currentTarget.value;
          }}
        />
      </label>
      <p id="chat-search-hint" class="hint">
        <code>*</code> any text, <code>?</code> a character, <code>[a-c]</code> one of these
      </p>
      {problem !== null && <p class="bad">{problem}</p>}
      <Found store={store} user={user} />
    </section>
  );
}

function Found({ store, user }: Props) {
  const { value: found } = store.found;
  if (found === null) return null;
  const { names, total } = found;
  if (total === 0) return <p class="chat-empty">Nobody of such a name.</p>;
  return (
    <>
      <ul class="chat-users" aria-label="Users found">
        {names.map((name) => (
          <li key={name}>
            <button
              type="button"
              class="chat-person"
              aria-pressed={store.recipient.value === name}
              onClick={() => {
                store.recipient.value = name;
                document.querySelector<HTMLElement>('#chat-body')?.focus();
              }}
            >
              {name}
              {name === user && <span class="tag tag-quiet">you</span>}
            </button>
          </li>
        ))}
      </ul>
      <p class="hint" role="status">
        {names.length === total
          ? `${formatCount(total)} found`
          : `The first ${formatCount(names.length)} of ${formatCount(total)}`}
      </p>
    </>
  );
}
