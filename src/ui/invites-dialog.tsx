/** Makes invite links, lists the invites that are open, and revokes them. */

import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Database } from '../client/database.ts';
import { toReadError } from '../client/errors.ts';
import type { OpenInvite } from '../client/protocol.ts';
import { writeClipboard } from './clipboard.ts';
import { CloseLine, Dialog } from './dialog.tsx';
import {
  adviceFor,
  describeAge,
  describeInvite,
  isForOtherDevices,
  SPANS,
  USES,
  USUAL_SPAN,
  USUAL_USES,
} from './invite-words.ts';
import { LinkCode } from './link-code.tsx';
import { closeDialog } from './open-dialog.ts';
import { chosenServer } from './settings/signalling-store.ts';
import { database } from './store.ts';
import { shortId } from './wording.ts';

/** Others make, use and revoke invites, too. */
const LIST_INTERVAL_MS = 2_000;

export function InvitesDialog() {
  const { value: opened } = database;
  return (
    <Dialog title="Invite another browser" onClose={closeDialog}>
      {opened === null ? (
        <p class="dialog-text">This tab’s node is not open.</p>
      ) : (
        <Invites database={opened} />
      )}
      <CloseLine onClose={closeDialog} />
    </Dialog>
  );
}

function Invites({ database }: { readonly database: Database }) {
  const invites = useSignal<readonly OpenInvite[] | null>(null);
  const problem = useSignal<string | null>(null);
  /** Of the list alone: it goes when the list can be read again, and hides nothing else. */
  const listProblem = useSignal<string | null>(null);

  async function look(): Promise<void> {
    try {
      invites.value = await database.invites();
      listProblem.value = null;
    } catch (error) {
      listProblem.value = toReadError(error).message;
    }
  }

  async function revoke(inviteId: string): Promise<void> {
    problem.value = null;
    try {
      await database.revokeInvite(inviteId);
    } catch (error) {
      problem.value = toReadError(error).message;
    }
    await look();
  }

  // A node that is started again under the page is another database.
  useEffect(() => {
    void look();
    const timer = setInterval(() => void look(), LIST_INTERVAL_MS);
    return () => clearInterval(timer);
  }, [database]);

  return (
    <>
      <p class="dialog-text">
        An invite link is a key: whoever has it joins as a full member, who can read and change all
        data and remove other members. Hand it on as you would a password.
      </p>
      <NewInvite database={database} problem={problem} onMade={look} />
      {problem.value !== null && (
        <p class="bad dialog-problem" role="alert">
          {problem.value}
        </p>
      )}
      <h3 class="dialog-heading">Open invites</h3>
      {listProblem.value !== null && (
        <p class="bad dialog-problem" role="alert">
          {listProblem.value}
        </p>
      )}
      <InviteList invites={invites.value} onRevoke={revoke} />
    </>
  );
}

interface NewInviteProps {
  readonly database: Database;
  readonly problem: Signal<string | null>;
  readonly onMade: () => Promise<void>;
}

function NewInvite({ database, problem, onMade }: NewInviteProps) {
  const span = useSignal(USUAL_SPAN);
  const uses = useSignal(USUAL_USES);
  const isBusy = useSignal(false);
  const made = useSignal<{ readonly link: string; readonly isCopied: boolean } | null>(null);

  async function make(): Promise<void> {
    isBusy.value = true;
    problem.value = null;
    made.value = null;
    try {
      const expiresInMs = SPANS[span.value]?.value ?? null;
      const link = await database.invite({
        expiresInMs,
        uses: USES[uses.value]?.value ?? null,
        signalling: chosenServer.value,
      });
      made.value = { link, isCopied: await writeClipboard(link) };
      await onMade();
    } catch (error) {
      problem.value = toReadError(error).message;
    } finally {
      isBusy.value = false;
    }
  }

  return (
    <form
      class="new-invite"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <ChoiceField label="Valid for" choices={SPANS} chosen={span} />
      <ChoiceField label="Lets in" choices={USES} chosen={uses} />
      <button type="submit" class="button button-main" disabled={isBusy.value}>
        Make a link
      </button>
      {made.value !== null && <MadeLink {...made.value} />}
    </form>
  );
}

interface ChoiceFieldProps {
  readonly label: string;
  readonly choices: readonly { readonly label: string }[];
  readonly chosen: Signal<number>;
}

function ChoiceField({ label, choices, chosen }: ChoiceFieldProps) {
  return (
    <label class="dialog-field">
      <span>{label}</span>
      <select
        value={chosen.value}
        onChange={({ currentTarget }) => {
          chosen.value = currentTarget.selectedIndex;
        }}
      >
        {choices.map((choice, at) => (
          <option key={choice.label} value={at}>
            {choice.label}
          </option>
        ))}
      </select>
    </label>
  );
}

function MadeLink({ link, isCopied }: { readonly link: string; readonly isCopied: boolean }) {
  const field = useRef<HTMLInputElement>(null);
  const copied = useSignal(isCopied);

  async function copy(): Promise<void> {
    copied.value = await writeClipboard(link);
    // Where the browser does not let the page copy, a person can.
    if (!copied.value) field.current?.select();
  }

  return (
    <div class="made-link">
      <input
        ref={field}
        class="invite-link"
        aria-label="Invite link"
        readOnly
        value={link}
        onFocus={({ currentTarget }) => currentTarget.select()}
      />
      <button type="button" class="button" onClick={() => void copy()}>
        Copy
      </button>
      <p class="hint" role="status">
        {copied.value ? <strong>Copied. </strong> : 'Copy it now. '}
        The link is not kept, and not shown again.
      </p>
      {isForOtherDevices(link) && (
        <div class="link-code">
          <LinkCode link={link} label="QR code of the invite link" />
          <p class="hint">For a phone: its camera reads the link.</p>
        </div>
      )}
      {adviceFor(link, chosenServer.value).map((advice) => (
        <p key={advice} class="hint">
          {advice}
        </p>
      ))}
    </div>
  );
}

interface InviteListProps {
  readonly invites: readonly OpenInvite[] | null;
  readonly onRevoke: (inviteId: string) => Promise<void>;
}

function InviteList({ invites, onRevoke }: InviteListProps) {
  const revoking = useSignal<string | null>(null);
  const nowMs = Date.now();

  async function revoke(inviteId: string): Promise<void> {
    revoking.value = inviteId;
    await onRevoke(inviteId);
    revoking.value = null;
  }

  if (invites === null || invites.length === 0) {
    return <p class="hint choices-none">{invites === null ? 'Looking…' : 'None.'}</p>;
  }
  return (
    <ul class="choices" aria-label="Open invites">
      {invites.map((invite) => (
        <li key={invite.id} class="choice">
          <div class="choice-words">
            <span>{describeInvite(invite, nowMs)}</span>
            <span class="hint">
              <code>{shortId(invite.id)}</code> · {describeAge(invite, nowMs)}
            </span>
          </div>
          <button
            type="button"
            class="button"
            disabled={revoking.value !== null}
            onClick={() => void revoke(invite.id)}
          >
            Revoke<span class="sr-only"> invite {shortId(invite.id)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
