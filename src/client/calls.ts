/**
 * What one handle asks of this tab's node: nothing once the handle is closed, everything within its
 * caller's limits. Whatever fails fails as `ResqliteError`, and says what is known of its effect: a
 * call that only reads has none, one that was sent and not answered may have had one.
 */

import { ADMINISTRATION_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from '../node/limits.ts';
import type { Administration } from '../node/messages.ts';
import type { StateRequest } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import { checkTimeout } from './arguments.ts';
import { formatBookmark, parseBookmark } from './bookmark.ts';
import { withinLimits, type CallOptions } from './call-limits.ts';
import { ResqliteError, toReadError, toResqliteError } from './errors.ts';
import type { Executed, InviteTerms, MintedInvite } from './protocol.ts';
import type { TabNode } from './tab-node.ts';

/** For what may take a while: a statement that builds an index, a hash of everything. */
export const LONG_TIMEOUT_MS = 120_000;

export class Calls {
  readonly node: TabNode;
  readonly #clusterId: string;
  #ownIndex = 0;
  #isClosed = false;

  constructor(node: TabNode, clusterId: string) {
    this.node = node;
    this.#clusterId = clusterId;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Of the last write that was answered. */
  get ownIndex(): number {
    return this.#ownIndex;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** A write of this handle was answered. */
  noteOwn(index: LogIndex): void {
    this.#ownIndex = Math.max(this.#ownIndex, index);
  }

  /** Throws `ResqliteError` 'Closed'. */
  checkOpen(): void {
    if (!this.#isClosed) return;
    const message = 'this database was closed';
    throw new ResqliteError({ code: 'Closed', applied: 'no', message, sqlite: null });
  }

  bookmark(index: LogIndex): string {
    return formatBookmark(this.#clusterId, index);
  }

  /** Throws `ResqliteError` 'InvalidArgument'. */
  indexOf(bookmark: unknown): LogIndex {
    return parseBookmark(this.#clusterId, bookmark);
  }

  async reading<T>(work: () => Promise<T>, options: CallOptions = {}): Promise<T> {
    this.checkOpen();
    const timeoutMs = checkTimeout(options.timeoutMs ?? REQUEST_TIMEOUT_MS);
    const { signal = null } = options;
    try {
      return await withinLimits({ timeoutMs, signal, appliedIfSent: 'no' }, work);
    } catch (error) {
      throw toReadError(error);
    }
  }

  async execute(
    request: StateRequest,
    options: CallOptions,
    defaultTimeoutMs = REQUEST_TIMEOUT_MS,
  ): Promise<Executed> {
    const startMs = performance.now();
    const executed = await this.#changing(options, defaultTimeoutMs, (timeoutMs) =>
      this.node.node('execute', [request, timeoutMs]),
    );
    this.noteOwn(executed.index);
    this.node.writeTimes.tell(performance.now() - startMs);
    return executed;
  }

  administer(administration: Administration, options: CallOptions): Promise<{ warning: string }> {
    return this.#changing(options, ADMINISTRATION_TIMEOUT_MS, (timeoutMs) =>
      this.node.node('administer', [administration, timeoutMs]),
    );
  }

  /** The node ends with it, for all handles of the page. */
  async recover(): Promise<{ clusterId: string }> {
    const recovered = await this.#changing({}, LONG_TIMEOUT_MS, () =>
      this.node.node('recover', []),
    );
    const { clusterId } = recovered;
    this.node.terminate('Closed', `this copy goes on as the cluster ${clusterId}: open it`);
    return recovered;
  }

  /** The node ends with it. */
  forget(options: CallOptions): Promise<void> {
    return this.#changing(options, LONG_TIMEOUT_MS, () => this.node.node('forget', []));
  }

  invite(terms: InviteTerms, options: CallOptions): Promise<MintedInvite> {
    return this.#changing(options, ADMINISTRATION_TIMEOUT_MS, (timeoutMs) =>
      this.node.node('invite', [terms, timeoutMs]),
    );
  }

  async #changing<T>(
    options: CallOptions,
    defaultTimeoutMs: number,
    work: (timeoutMs: number) => Promise<T>,
  ): Promise<T> {
    this.checkOpen();
    const timeoutMs = checkTimeout(options.timeoutMs ?? defaultTimeoutMs);
    const { signal = null } = options;
    const limits = { timeoutMs, signal, appliedIfSent: 'unknown' } as const;
    try {
      return await withinLimits(limits, () => work(timeoutMs));
    } catch (error) {
      throw toResqliteError(error);
    }
  }
}
