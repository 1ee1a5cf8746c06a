/**
 * What the chat shows, as signals, and what its forms do. Who is logged in is this tab's business, and lasts
 * as long as the tab: its storage has the account's name and id, and nothing else. No password is ever in here.
 * A name that is deleted and signed up anew is another account: nobody is logged in to that by the first.
 */

import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import { Chat, type Account, type ChatOptions, type Inbox } from '../../../apps/chat/chat.ts';
import { ChatError } from '../../../apps/chat/rules.ts';
import { pause } from '../../../apps/retrying.ts';
import type { Database } from '../../../client/database.ts';
import { keep, kept } from '../../browser-memory.ts';
import { FormState, textOf } from './form-state.ts';
import { countOf } from './message-words.ts';

/** What a search has found: the first of them, and how many there are. */
export interface FoundUsers {
  readonly names: readonly string[];
  readonly total: number;
}

const EVERYBODY = '*';
/** An account that seems to be gone is asked for so often: for about a minute. */
const CHECKS = 10;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

export class ChatStore {
  /** Null: nobody is logged in here. */
  readonly account = signal<Account | null>(null);
  /** Its name. */
  readonly user: ReadonlySignal<string | null> = computed(() => this.account.value?.name ?? null);
  /** Null: it is not known yet. */
  readonly inbox = signal<Inbox | null>(null);
  /** Why the inbox is not as it should be. */
  readonly inboxProblem = signal<string | null>(null);
  readonly found = signal<FoundUsers | null>(null);
  readonly searchProblem = signal<string | null>(null);
  /** The ids of messages that are marked, shown or not. */
  readonly marked = signal<ReadonlySet<string>>(new Set());
  /** Of those that are shown. */
  readonly selected: ReadonlySignal<readonly string[]> = computed(() => {
    const { value: marked } = this.marked;
    const shown = this.inbox.value?.messages ?? [];
    return shown.flatMap(({ id }) => (marked.has(id) ? [id] : []));
  });

  readonly pattern = signal(EVERYBODY);
  readonly recipient = signal('');
  readonly body = signal('');
  readonly count = signal('');

  readonly entry = new FormState();
  readonly sending = new FormState();
  readonly reading = new FormState();
  readonly deleting = new FormState();
  readonly leaving = new FormState();

  readonly #database: ReadonlySignal<Database | null>;
  readonly #options: ChatOptions;
  /** The last one that there was: a node that is opened anew is none for a while. */
  #clusterId: string | null = null;
  /** What was sent last, while it is not known to have arrived: sending the same again is the same message. */
  #unsent: { readonly key: string; readonly id: string } | null = null;

  constructor(database: ReadonlySignal<Database | null>, options: ChatOptions = {}) {
    this.#database = database;
    this.#options = options;
  }

  /** Keeps what is shown up to date, until the answer is called. */
  follow(): () => void {
    const ends = [
      effect(() => this.#restore()),
      effect(() => this.#followInbox()),
      effect(() => this.#followAccount()),
      effect(() => this.#followUsers()),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  async logIn(username: string, password: string): Promise<void> {
    await this.#enter((chat) => chat.logIn(username, password));
  }

  /** Who has signed up is logged in. */
  async signUp(username: string, password: string): Promise<void> {
    await this.#enter((chat) => chat.signUp(username, password));
  }

  /** Leaves nothing in any field. */
  signOut(): void {
    this.#become(null);
    for (const form of [this.entry, this.sending, this.reading, this.deleting, this.leaving]) {
      form.clear();
    }
    this.pattern.value = EVERYBODY;
    this.recipient.value = '';
    this.body.value = '';
    this.count.value = '';
    this.marked.value = new Set();
    this.#unsent = null;
  }

  async deleteAccount(): Promise<void> {
    const account = this.#loggedIn();
    const isDone = await this.leaving.send(() => this.#chat().deleteAccount(account));
    if (!isDone) return;
    this.signOut();
    this.entry.success.value = `The account ${account.name} is deleted.`;
  }

  async send(): Promise<void> {
    const { name: sender } = this.#loggedIn();
    const recipient = this.recipient.value.trim();
    const { value: body } = this.body;
    const key = JSON.stringify([recipient, body]);
    const isDone = await this.sending.send(async () => {
      if (recipient === '') throw new ChatError('Please enter a recipient.');
      const { id } = this.#unsent?.key === key ? this.#unsent : { id: crypto.randomUUID() };
      this.#unsent = { key, id };
      await this.#chat().send({ id, sender, recipient, body });
    });
    if (!isDone) return;
    this.#unsent = null;
    this.sending.success.value = `Sent to ${recipient}.`;
    // What was written meanwhile is the next message.
    if (this.body.value === body) this.body.value = '';
  }

  async read(): Promise<void> {
    const account = this.#loggedIn();
    const { value: typed } = this.count;
    const isDone = await this.reading.send(async () => {
      const count = countOf(typed);
      if (count === null) throw new ChatError('Please enter a number of messages to read.');
      await this.#chat().readEarliest(account, count);
    });
    // What was typed meanwhile is for the next time.
    if (isDone && this.count.value === typed) this.count.value = '';
  }

  async deleteSelected(): Promise<void> {
    const ids = this.selected.value;
    if (await this.deleting.send(() => this.#chat().deleteMessages(ids))) this.mark(ids, false);
  }

  mark(ids: readonly string[], on: boolean): void {
    const marked = new Set(this.marked.value);
    for (const id of ids) {
      if (on) marked.add(id);
      else marked.delete(id);
    }
    this.marked.value = marked;
  }

  async #enter(way: (chat: Chat) => Promise<Account>): Promise<void> {
    let account: Account | null = null;
    const isDone = await this.entry.send(async () => {
      account = await way(this.#chat());
    });
    if (isDone) this.#become(account);
  }

  #become(account: Account | null): void {
    this.account.value = account;
    if (this.#clusterId !== null) keep(keyOf(this.#clusterId), account, 'sessionStorage');
  }

  #chat(): Chat {
    const { value: db } = this.#database;
    if (db === null) throw new ChatError('The database is not open yet.');
    return new Chat(db, this.#options);
  }

  #loggedIn(): Account {
    const { value: account } = this.account;
    if (account === null) throw new Error('nobody is logged in');
    return account;
  }

  /** A tab that was reloaded goes on as who it was. */
  #restore(): void {
    const { value: db } = this.#database;
    if (db === null) return;
    const isKnown = this.#clusterId === db.clusterId && this.account.peek() !== null;
    this.#clusterId = db.clusterId;
    if (isKnown) return;
    this.account.value = accountIn(kept(keyOf(db.clusterId), 'sessionStorage'));
  }

  #followInbox(): (() => void) | undefined {
    const { value: db } = this.#database;
    const { value: account } = this.account;
    this.inbox.value = null;
    this.inboxProblem.value = null;
    if (db === null || account === null) return undefined;
    return new Chat(db).watch(
      account,
      (inbox) => {
        this.inbox.value = inbox;
        this.inboxProblem.value = null;
      },
      (error) => {
        this.inboxProblem.value = textOf(error);
      },
    );
  }

  #followAccount(): (() => void) | undefined {
    const { value: db } = this.#database;
    const { value: account } = this.account;
    if (db === null || account === null) return undefined;
    const ended = new AbortController();
    let isAsking = false;
    const onAccount = async (exists: boolean): Promise<void> => {
      if (exists || isAsking) return;
      isAsking = true;
      await this.#checkAccount(db, account, ended.signal);
      isAsking = false;
    };
    // What cannot be told is said of the inbox.
    const end = new Chat(db).watchAccount(
      account,
      (exists) => void onAccount(exists),
      () => undefined,
    );
    return () => {
      ended.abort();
      end();
    };
  }

  /** This node may be behind; the cluster knows, if not always at once. */
  async #checkAccount(db: Database, account: Account, ended: AbortSignal): Promise<void> {
    let exists = await isThere(db, account);
    for (let check = 1; exists === null && check < CHECKS; check += 1) {
      await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** check), ended);
      if (ended.aborted) return;
      exists = await isThere(db, account);
    }
    if (ended.aborted || exists !== false || this.leaving.isBusy.value) return;
    this.signOut();
    this.entry.problem.value = `The account ${account.name} does not exist any more.`;
  }

  #followUsers(): (() => void) | undefined {
    const { value: db } = this.#database;
    const isNeeded = this.user.value !== null;
    const { value: pattern } = this.pattern;
    this.searchProblem.value = null;
    if (db === null || !isNeeded) {
      this.found.value = null;
      return undefined;
    }
    return new Chat(db).watchUsers(
      pattern === '' ? EVERYBODY : pattern,
      (names, total) => {
        this.found.value = { names, total };
        this.searchProblem.value = null;
      },
      (error) => {
        this.searchProblem.value = textOf(error);
      },
    );
  }
}

/** Null: nobody can tell now. */
async function isThere(db: Database, account: Account): Promise<boolean | null> {
  return new Chat(db).hasAccount(account).catch(() => null);
}

/** What a tab's storage has; null: it is no account. */
function accountIn(value: unknown): Account | null {
  if (typeof value !== 'object' || value === null) return null;
  const { name, id } = value as Partial<Record<keyof Account, unknown>>;
  return typeof name === 'string' && typeof id === 'string' ? { name, id } : null;
}

function keyOf(clusterId: string): string {
  return `resqlite:chat:${clusterId}`;
}
