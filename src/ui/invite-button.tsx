/** Copies the invite link, says so, and says what it is: a key. */

import { useSignal } from '@preact/signals';
import type { Database } from '../client/database.ts';
import { toReadError } from '../client/errors.ts';
import { writeClipboard } from './clipboard.ts';
import { DatabaseAction } from './database-action.tsx';

type Copied =
  | { readonly type: 'copied' }
  /** The browser does not let the page write to the clipboard: here it is, to be copied by hand. */
  | { readonly type: 'shown'; readonly link: string }
  | { readonly type: 'failed'; readonly message: string };

export function InviteButton({ database }: { readonly database: Database | null }) {
  const copied = useSignal<Copied | null>(null);

  async function copy(from: Database): Promise<void> {
    try {
      const link = await from.invite();
      const isWritten = await writeClipboard(link);
      copied.value = isWritten ? { type: 'copied' } : { type: 'shown', link };
    } catch (error) {
      copied.value = { type: 'failed', message: toReadError(error).message };
    }
  }

  return (
    <DatabaseAction
      database={database}
      label="Copy invite link"
      run={copy}
      hint={wordsFor(copied.value)}
    >
      {copied.value?.type === 'shown' && (
        <input
          class="invite-link"
          aria-label="Invite link"
          readOnly
          value={copied.value.link}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
      )}
    </DatabaseAction>
  );
}

function wordsFor(copied: Copied | null) {
  switch (copied?.type) {
    case undefined:
      return 'Lets another browser or device in.';
    case 'copied':
      return (
        <>
          <strong>Copied.</strong> It is a key: whoever has it can read and change everything.
        </>
      );
    case 'shown':
      return 'Copy it by hand. It is a key: whoever has it can read and change everything.';
    case 'failed':
      return `There is no link: ${copied?.message}`;
  }
}
