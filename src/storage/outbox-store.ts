/**
 * The outbox of a cluster in this browser profile, as a document in two copies (stored-document.ts) that
 * all tabs of the profile change, one at a time. Each hears of every change, its own ones included, when
 * it is durable, and of none of them later than of one that came after it.
 */

import {
  STORAGE_ROOT,
  clusterDirectory,
  outboxDatabase,
  outboxLock,
  OUTBOX_SLOTS,
} from './names.ts';
import {
  decodeOutbox,
  EMPTY_OUTBOX,
  encodeOutbox,
  OUTBOX_FORMAT,
  type Outbox,
} from './outbox-codec.ts';
import { changeDocument, type StoredDocument } from './stored-document.ts';

/** The outbox as it shall be, and whatever the caller of the change wants back. */
export interface OutboxChange<T> {
  readonly outbox: Outbox;
  readonly result: T;
}

/** What is needed of it by whoever sends. */
export interface OutboxKeeper {
  /**
   * Resolves when the outbox as `change` makes it is durable in both copies; given back the one it was
   * called with, nothing is written. Throws `StorageError`.
   */
  change<T>(change: (outbox: Outbox) => OutboxChange<T>): Promise<T>;
}

export interface OutboxStoreOptions {
  readonly clusterId: string;
  readonly root?: string;
  /** How the outbox is now; called in the order of its versions. */
  readonly onChange: (outbox: Outbox) => void;
}

export class OutboxStore implements OutboxKeeper {
  readonly #document: StoredDocument;
  readonly #onChange: (outbox: Outbox) => void;
  readonly #channel: BroadcastChannel;
  /** The version that was told last. */
  #told = -1;
  #isReading = false;
  #isStale = false;
  #isClosed = false;

  constructor({ clusterId, root = STORAGE_ROOT, onChange }: OutboxStoreOptions) {
    this.#document = documentOf(root, clusterId);
    this.#onChange = onChange;
    this.#channel = new BroadcastChannel(outboxLock(root, clusterId));
    this.#channel.addEventListener('message', () => void this.#readAgain());
  }

  read(): Promise<Outbox> {
    return this.change((outbox) => ({ outbox, result: outbox }));
  }

  async change<T>(change: (outbox: Outbox) => OutboxChange<T>): Promise<T> {
    const { outbox, sequence, isChanged, result } = await changeDocument(
      this.#document,
      (version) => {
        const before = version.frame === null ? EMPTY_OUTBOX : decodeOutbox(version.frame);
        const changed = change(before);
        const next = changed.outbox === before ? null : encodeOutbox(changed.outbox, version);
        const sequence = (next ?? version).sequence;
        return { next, result: { ...changed, sequence, isChanged: next !== null } };
      },
    );
    if (isChanged) this.#tellOthers();
    if (sequence > this.#told && !this.#isClosed) {
      this.#told = sequence;
      this.#onChange(outbox);
    }
    return result;
  }

  /** It is not told of changes any more; those that it still makes are told to the others. */
  close(): void {
    this.#isClosed = true;
    this.#channel.close();
  }

  #tellOthers(): void {
    const channel = this.#isClosed ? new BroadcastChannel(this.#channel.name) : this.#channel;
    channel.postMessage('changed');
    if (this.#isClosed) channel.close();
  }

  /** Another tab has changed it, maybe many times since. */
  async #readAgain(): Promise<void> {
    this.#isStale = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false;
      // What cannot be read now is read at the next change, or by whoever asks.
      await this.read().catch(() => undefined);
    }
    this.#isReading = false;
  }
}

/** The outbox of another cluster of this profile, of which no tab runs a node. Throws `StorageError`. */
export function readOutboxOf(clusterId: string, root = STORAGE_ROOT): Promise<Outbox> {
  return changeDocument(documentOf(root, clusterId), ({ frame }) => {
    return { next: null, result: frame === null ? EMPTY_OUTBOX : decodeOutbox(frame) };
  });
}

function documentOf(root: string, clusterId: string): StoredDocument {
  return {
    name: "this browser's outbox",
    format: OUTBOX_FORMAT,
    unreadable:
      'What this browser keeps to be sent when there is a quorum cannot be read from any of its ' +
      "copies. Writes are not queued here until this site's data is cleared.",
    directory: clusterDirectory(root, clusterId),
    slots: OUTBOX_SLOTS,
    database: outboxDatabase(root, clusterId),
    key: 'outbox',
    lock: outboxLock(root, clusterId),
  };
}
