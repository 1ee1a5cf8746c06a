/**
 * What has become known of one life of a headless node, by what its page tells: lines for whoever reads them,
 * the node's id for the next start, and the account by which it is judged.
 */

import { Chronicle, type Line } from './chronicle.ts';
import type { NodeReport, OpenFailure, Told } from './page-script.ts';
import type { Place } from './place.ts';
import type { Life } from './verdict.ts';

const WAITING_MS = 10_000;
/** A page that fails over and over says no more than these. */
const MAX_COMPLAINTS = 20;

export class WatchedLife {
  isMember: boolean;
  /** What becomes of it from now on is the command's doing. */
  isEnding = false;
  report: NodeReport | null = null;
  readonly #place: Place;
  readonly #tell: (line: Line) => void;
  readonly #chronicle: Chronicle;
  #loadedMs = performance.now();
  #failure: OpenFailure | null = null;
  #otherClusterId: string | null = null;
  /** When state and refusal became what they are. */
  #sinceMs = 0;
  #isWaitingTold = false;
  readonly #complaints = new Set<string>();
  #saving: Promise<void> = Promise.resolve();
  /** Why its id could not be stored. */
  #unsaved: Error | null = null;

  constructor(place: Place, isMember: boolean, tell: (line: Line) => void) {
    this.#place = place;
    this.isMember = isMember;
    this.#tell = tell;
    this.#chronicle = new Chronicle(place.nodeId, performance.now());
  }

  get ageMs(): number {
    return performance.now() - this.#loadedMs;
  }

  loaded(): void {
    this.#loadedMs = performance.now();
  }

  told(told: Told): void {
    if (this.isEnding) return;
    if (told.type === 'complaint') {
      this.#complained(told.message);
    } else if (told.type === 'failed') {
      this.#failed(told);
    } else if (told.clusterId === this.#place.clusterId) {
      this.#reported(told);
    } else {
      this.#otherClusterId = told.clusterId;
    }
  }

  /** What is to be kept of it is stored. Throws `CommandError`. */
  async settled(): Promise<void> {
    await this.#saving;
    if (this.#unsaved !== null) throw this.#unsaved;
  }

  account(unanswered: number, isRenewed: boolean): Life {
    this.#tellWaiting();
    if (this.report !== null) this.#chronicled(this.report);
    return {
      clusterId: this.#place.clusterId,
      isMember: this.isMember,
      ageMs: this.ageMs,
      report: this.report,
      sinceMs: performance.now() - this.#sinceMs,
      failure: this.#failure,
      otherClusterId: this.#otherClusterId,
      unanswered,
      isRenewed,
    };
  }

  /** A node that runs goes on whatever else the page wants of it. */
  #failed(failure: OpenFailure): void {
    this.#failure = failure;
    if (this.report !== null) this.#complained(`${failure.message} (${failure.code})`);
  }

  #complained(message: string): void {
    if (this.#complaints.has(message) || this.#complaints.size === MAX_COMPLAINTS) return;
    this.#complaints.add(message);
    this.#tell({ event: 'page-error', text: `the page reports an error: ${message}`, message });
  }

  #reported(report: NodeReport): void {
    const last = this.report;
    const isSame = last?.state === report.state && last.refusal === report.refusal;
    if (!isSame) this.#sinceMs = performance.now();
    this.report = report;
    this.#chronicled(report);
    if (report.state !== 'running') return;
    this.isMember = true;
    if (this.#place.nodeId !== report.nodeId) this.#save(report.nodeId);
  }

  #save(nodeId: string): void {
    this.#saving = this.#place.joined(nodeId).catch((error: Error) => {
      this.#unsaved = error;
    });
  }

  #chronicled(report: NodeReport): void {
    for (const line of this.#chronicle.linesOf(report, performance.now())) this.#tell(line);
  }

  #tellWaiting(): void {
    if (this.#isWaitingTold || this.report?.state !== 'joining' || this.ageMs < WAITING_MS) return;
    this.#isWaitingTold = true;
    const { signalling } = this.report;
    const text = `waits for a member that lets it in (signalling server: ${signalling})`;
    this.#tell({ event: 'waits', text, signalling });
  }
}
