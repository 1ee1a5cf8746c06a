/** The chat: the way in, and behind it messages, the people, and a form to write to them. */

import '../../style/chat.css';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { shellHost } from '../../shell-host.ts';
import { database } from '../../store.ts';
import { ChatStore } from './chat-store.ts';
import { EntryForm } from './entry-form.tsx';
import { InboxCard } from './inbox-card.tsx';
import { Outcome } from './outcome.tsx';
import { PeopleCard } from './people-card.tsx';
import { SendForm } from './send-form.tsx';

const store = new ChatStore(database);

export function ChatView() {
  const wasIn = useRef(false);
  useEffect(() => store.follow(), []);
  const { value: user } = store.user;
  if (user !== null) wasIn.current = true;
  return (
    <>
      <EntryNews />
      {user === null ? (
        <EntryForm store={store} takesFocus={wasIn.current} />
      ) : (
        <Inside user={user} />
      )}
    </>
  );
}

/** The form comes with what is to be said of leaving: only what was there before is heard. */
function EntryNews() {
  const { problem, success } = store.entry;
  return (
    <p class="sr-only" aria-live="polite" id="chat-entry-news">
      {problem.value ?? success.value}
    </p>
  );
}

function Inside({ user }: { readonly user: string }) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    // The form that had the focus is gone.
    if (document.activeElement === document.body) place.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div ref={place} class="chat" tabIndex={-1}>
      <ChatBanner user={user} />
      <InboxCard store={store} />
      <SendForm store={store} />
      <PeopleCard store={store} user={user} />
    </div>
  );
}

function ChatBanner({ user }: { readonly user: string }) {
  const { leaving } = store;

  async function deleteAccount(): Promise<void> {
    const account = store.account.peek();
    const reply = await shellHost.ask({
      title: `Delete the account ${user}`,
      text: 'The account goes, and every message it has received. Messages it has sent stay with those who got them.',
      file: null,
      field: null,
      action: 'Delete Account',
      isDangerous: true,
    });
    // It may have gone elsewhere meanwhile.
    if (reply !== null && store.account.peek() === account) await store.deleteAccount();
  }

  return (
    <section class="card chat-banner" aria-label="Account">
      <p class="chat-user">
        Logged in as: <strong>{user}</strong>
      </p>
      <button type="button" class="button" onClick={() => store.signOut()}>
        Sign Out
      </button>
      <button
        type="button"
        class="button button-danger"
        disabled={leaving.isBusy.value}
        onClick={() => void deleteAccount()}
      >
        Delete Account
      </button>
      <Outcome form={leaving} />
    </section>
  );
}
