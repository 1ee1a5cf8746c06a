/** What came of the files of a run: counts, and the first failures by file and line. */

import { MalformedFile } from './parser.ts';
import type { LogicReport } from './runner.ts';

const FAILURES_SHOWN = 20;
const SQL_SHOWN = 300;

export class Tally {
  #passed = 0;
  #failed = 0;
  #unreadable = 0;
  readonly #shown: string[] = [];

  get hasFailed(): boolean {
    return this.#failed + this.#unreadable > 0;
  }

  /** Runs one file, or finds that it cannot be. */
  async add(file: string, run: () => Promise<LogicReport>): Promise<void> {
    let report: LogicReport;
    try {
      report = await run();
    } catch (error) {
      this.#unreadable += 1;
      const message = error instanceof Error ? error.message : String(error);
      this.#shown.push(error instanceof MalformedFile ? message : `${file}: ${message}`);
      return;
    }
    this.#passed += report.passed;
    this.#failed += report.failures.length;
    for (const { line, sql, reason } of report.failures) {
      this.#shown.push(`${file}:${line}: ${reason}\n    ${sql.slice(0, SQL_SHOWN)}`);
    }
  }

  lines(): string[] {
    const shown = this.#shown.slice(0, FAILURES_SHOWN);
    const more = this.#shown.length - shown.length;
    if (more > 0) shown.push(`and ${more} more`);
    const unread = this.#unreadable === 0 ? '' : `, ${this.#unreadable} files not run`;
    return [...shown, `${this.#passed} passed, ${this.#failed} failed${unread}`];
  }
}
