/** Log-in and sign-up in one form. The password goes from its field to the derivation, and nowhere else. */

import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ChatStore } from './chat-store.ts';
import { Outcome } from './outcome.tsx';

type Way = 'logIn' | 'signUp';

interface Props {
  readonly store: ChatStore;
  /** Whoever has just signed out goes on here. */
  readonly takesFocus: boolean;
}

export function EntryForm({ store, takesFocus }: Props) {
  const { entry } = store;
  const name = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const { value: isBusy } = entry.isBusy;

  useLayoutEffect(() => {
    if (takesFocus) name.current?.focus();
  }, []);

  async function enter(way: Way): Promise<void> {
    if (name.current === null || password.current === null) return;
    const typed = password.current.value;
    password.current.value = '';
    await store[way](name.current.value.trim(), typed);
    password.current?.focus();
  }

  return (
    <section class="card chat-entry" aria-labelledby="chat-entry-title">
      <h2 id="chat-entry-title">Log in or sign up</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void enter(event.submitter?.getAttribute('value') === 'signUp' ? 'signUp' : 'logIn');
        }}
      >
        <label class="chat-field">
          <span>Username</span>
          <input
            ref={name}
            type="text"
            name="username"
            autocomplete="username"
            autocapitalize="off"
            spellcheck={false}
            maxLength={64}
            required
          />
        </label>
        <label class="chat-field">
          <span>Password</span>
          <input
            ref={password}
            type="password"
            name="password"
            autocomplete="current-password"
            maxLength={1024}
            required
          />
        </label>
        <div class="chat-entry-actions">
          <button type="submit" class="button button-main" value="logIn" disabled={isBusy}>
            Log in
          </button>
          <button type="submit" class="button" value="signUp" disabled={isBusy}>
            Sign up
          </button>
          {isBusy && <span class="hint">A moment…</span>}
        </div>
        <Outcome form={entry} isHeard={false} />
      </form>
      <p class="hint">
        A password never leaves this tab: what is replicated can be checked against it, and was made
        slow to guess. The members of a cluster trust each other, though: each can read all messages
        with SQL.
      </p>
    </section>
  );
}
