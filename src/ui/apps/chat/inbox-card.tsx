/** Messages that were read, newest first; how many were not, and how to read and to delete them. */

import type { Message } from '../../../apps/chat/chat.ts';
import { formatCount } from '../../wording.ts';
import type { ChatStore } from './chat-store.ts';
import { formatTime } from './message-words.ts';
import { Outcome } from './outcome.tsx';

interface Props {
  readonly store: ChatStore;
}

export function InboxCard({ store }: Props) {
  const { value: inbox } = store.inbox;
  const { value: problem } = store.inboxProblem;
  const messages = inbox?.messages ?? [];
  return (
    <section class="card chat-inbox" aria-labelledby="chat-inbox-title">
      <div class="chat-head">
        <h2 id="chat-inbox-title">Messages</h2>
        <span class={`tag ${inbox?.unread ? '' : 'tag-quiet'}`} role="status">
          Unread: {formatCount(inbox?.unread ?? 0)}
        </span>
      </div>
      <ReadForm store={store} />
      {problem !== null && <p class="bad">{problem}</p>}
      {messages.length === 0 ? (
        <p class="chat-empty">{inbox === null ? 'Loading…' : emptyText(inbox.unread)}</p>
      ) : (
        <ol class="chat-messages" aria-labelledby="chat-inbox-title">
          {messages.map((message) => (
            <MessageLine key={message.id} store={store} message={message} />
          ))}
        </ol>
      )}
      {inbox !== null && inbox.read > messages.length && (
        <p class="hint">
          The newest {formatCount(messages.length)} of {formatCount(inbox.read)} are shown.
        </p>
      )}
      {messages.length > 0 && <DeleteLine store={store} messages={messages} />}
      <Outcome form={store.deleting} />
    </section>
  );
}

function emptyText(unread: number): string {
  return unread === 0
    ? 'No messages yet. What others send you is counted above, and shown here once it is read.'
    : 'Nothing read yet. Say how many of the earliest you want to read.';
}

function ReadForm({ store }: Props) {
  const { reading } = store;
  return (
    <form
      class="chat-read"
      onSubmit={(event) => {
        event.preventDefault();
        void store.read();
      }}
    >
      <label class="chat-field">
        <span>Number of messages to read</span>
        <input
          type="text"
          inputMode="numeric"
          autocomplete="off"
          maxLength={3}
          placeholder="1 to 100"
          value={store.count.value}
          onInput={({ currentTarget }) => {
            store.count.value = currentTarget.value;
          }}
        />
      </label>
      <button type="submit" class="button" disabled={reading.isBusy.value}>
        Read
      </button>
      <Outcome form={reading} />
    </form>
  );
}

function MessageLine({ store, message }: Props & { readonly message: Message }) {
  const { id, sender, body, timestamp } = message;
  const isMarked = store.marked.value.has(id);
  return (
    <li class={`chat-message ${isMarked ? 'chat-marked' : ''}`}>
      <label class="chat-mark">
        <input
          type="checkbox"
          checked={isMarked}
          onChange={({ currentTarget }) => store.mark([id], currentTarget.checked)}
        />
        <span class="chat-line">
          <span class="chat-time">[{formatTime(timestamp)}]</span>{' '}
          <strong>
            <bdi>{sender}</bdi>:
          </strong>{' '}
          <bdi class="chat-body">{body}</bdi>
        </span>
      </label>
      <button
        type="button"
        class="link chat-reply"
        aria-label={`Reply to ${sender}`}
        onClick={() => {
          store.recipient.value = sender;
          document.querySelector<HTMLElement>('#chat-body')?.focus();
        }}
      >
        Reply
      </button>
    </li>
  );
}

function DeleteLine({ store, messages }: Props & { readonly messages: readonly Message[] }) {
  const { deleting } = store;
  const { value: selected } = store.selected;
  return (
    <div class="chat-delete">
      <label class="check">
        <input
          type="checkbox"
          checked={selected.length === messages.length}
          onChange={({ currentTarget }) =>
            store.mark(
              messages.map(({ id }) => id),
              currentTarget.checked,
            )
          }
        />
        Select all
      </label>
      <button
        type="button"
        class="button button-danger"
        disabled={selected.length === 0 || deleting.isBusy.value}
        onClick={() => void store.deleteSelected()}
      >
        Delete Selected{selected.length > 0 && ` (${formatCount(selected.length)})`}
      </button>
    </div>
  );
}
