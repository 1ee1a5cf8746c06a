/** Where a message is written. What was sent is its recipient's: it is not shown here again. */

import { LONGEST_BODY } from '../../../apps/chat/rules.ts';
import type { ChatStore } from './chat-store.ts';
import { Outcome } from './outcome.tsx';

export function SendForm({ store }: { readonly store: ChatStore }) {
  const { sending } = store;
  return (
    <section class="card chat-send" aria-labelledby="chat-send-title">
      <h2 id="chat-send-title">New message</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void store.send();
        }}
      >
        <label class="chat-field">
          <span>To</span>
          <input
            type="text"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            placeholder="A name, or choose one of the people"
            value={store.recipient.value}
            onInput={({ currentTarget }) => {
              store.recipient.value = currentTarget.value;
            }}
          />
        </label>
        <label class="chat-field">
          <span>Message</span>
          <textarea
            id="chat-body"
            rows={3}
            maxLength={LONGEST_BODY}
            value={store.body.value}
            onInput={({ currentTarget }) => {
              store.body.value = currentTarget.value;
            }}
            onKeyDown={(event) => {
              const isSent = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
              if (isSent) event.currentTarget.form?.requestSubmit();
            }}
          />
        </label>
        <div class="chat-send-actions">
          <button type="submit" class="button button-main" disabled={sending.isBusy.value}>
            Send <kbd>Ctrl+Enter</kbd>
          </button>
          <Outcome form={sending} />
        </div>
      </form>
    </section>
  );
}
