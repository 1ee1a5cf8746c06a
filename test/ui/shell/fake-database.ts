/**
 * A database for the shell's tests: `select N` gives N rows, `select N wide` large ones, `insert N`
 * changes N rows, `insert N returning` gives them, too, `fail` is refused, `lost` is what a cluster does
 * that has no majority, unless it may be queued.
 */

import type { Cursor } from '../../../src/client/cursor.ts';
import { WorkerCursor } from '../../../src/client/worker-cursor.ts';
import type { CursorRunOptions, RunResult } from '../../../src/client/script-runs.ts';
import { ResqliteError, statementRefused } from '../../../src/client/errors.ts';
import type { ScriptReport } from '../../../src/client/script-report.ts';
import { failure } from '../../../src/node/errors.ts';
import type { MemberStatus, NodeStatus } from '../../../src/node/status.ts';
import type { LogIndex, NodeId, Term } from '../../../src/raft/types.ts';
import type {
  Question,
  Reply,
  ShellDatabase,
  ShellHost,
} from '../../../src/ui/shell/shell-ports.ts';
import { statusOf } from '../../client/fake-workers.ts';

const INDEX = 7 as LogIndex;
const WIDE = 'x'.repeat(50_000);

export class FakeDatabase {
  readonly scripts: string[] = [];
  readonly calls: unknown[][] = [];
  openCursors = 0;
  /** Of a CSV file. */
  refusedRows = 0;
  readonly nodeId = 'aaaa' as NodeId;

  /** As the shell takes it. */
  get database(): ShellDatabase {
    return this as unknown as ShellDatabase;
  }

  async run(script: string, options: CursorRunOptions): Promise<RunResult> {
    this.scripts.push(script);
    let errors = 0;
    let rowsAffected = 0;
    let start = 0;
    const texts = script.split(';').slice(0, -1);
    for (const [statement, text] of texts.entries()) {
      const sql = `${text.trim()};`;
      if (sql === 'lost;' && options.offline !== 'queue')
        throw new ResqliteError(failure('NoQuorum', 'no', 'NoQuorum'));
      const outcome = this.#outcomeOf(sql, statement);
      if (outcome.type === 'error') errors += 1;
      if (outcome.type === 'executed') rowsAffected += outcome.result.rowsAffected;
      start = script.indexOf(sql, start);
      options.onResult({ statement, sql, start, line: 1, elapsedMs: 12, outcome });
      const fraction = (statement + 1) / texts.length;
      options.onProgress?.({ statements: statement + 1, errors, rowsAffected, fraction });
      if (errors > 0 && options.bail === true) break;
    }
    const counts = { statements: texts.length, errors, firstErrors: [], rowsAffected };
    return { ...counts, elapsedMs: 1, bookmark: '' };
  }

  #outcomeOf(sql: string, statement: number): ScriptReport<Cursor>['outcome'] {
    const count = Number(/\d+/.exec(sql)?.[0] ?? 0);
    if (sql === 'lost;') return { type: 'queued' };
    if (sql.includes('select'))
      return { type: 'rows', answer: this.#cursorOf(count, sql.includes('wide')) };
    if (sql.startsWith('fail')) {
      const sqlite = { resultCode: 1, offset: 0 };
      const error = { code: 'Sql', message: 'no such thing', sqlite } as const;
      return { type: 'error', error: statementRefused(error as never, statement) };
    }
    const given = sql.includes('returning')
      ? { columns: ['n'], rows: Array.from({ length: count }, (_row, at) => [at + 1]) }
      : { columns: [], rows: [] };
    const result = { rowsAffected: count, lastInsertRowId: 0, ...given };
    return { type: 'executed', index: INDEX, result };
  }

  #cursorOf(rowCount: number, isWide: boolean): Cursor {
    this.openCursors += 1;
    let isOpen = true;
    const opened = { cursor: 1, columns: ['n'], rowCount, appliedIndex: INDEX };
    return new WorkerCursor(opened, '', {
      read: async (_, from, count) =>
        Array.from({ length: count }, (_row, at) => [isWide ? WIDE : from + at + 1]),
      close: async () => {
        if (isOpen) this.openCursors -= 1;
        isOpen = false;
      },
    });
  }

  async query(...args: unknown[]) {
    this.calls.push(args);
    return { columns: ['name'], rows: [['note'], ['number']] };
  }

  async importCsv(...args: unknown[]) {
    this.calls.push(args);
    const firstErrors = this.refusedRows === 0 ? [] : [{ line: 4, error: new Error('line 4: no') }];
    return { rows: 3, errors: this.refusedRows, firstErrors, created: true };
  }

  async import(...args: unknown[]) {
    this.calls.push(args);
    return { index: INDEX, hash: 'abc' };
  }

  async export(...args: unknown[]) {
    this.calls.push(args);
    return new Blob(['exported']);
  }

  async dump(...args: unknown[]) {
    this.calls.push(args);
    return new Blob(['dumped']);
  }

  async transferLeadership(...args: unknown[]) {
    this.calls.push(args);
  }

  async invite(...args: unknown[]) {
    this.calls.push(args);
    return 'https://example.org/#c';
  }

  async removeNode(...args: unknown[]) {
    this.calls.push(args);
    return { warning: 'Only two are left.' };
  }

  async skip(...args: unknown[]) {
    this.calls.push(args);
  }

  async status() {
    return statusOf({
      nodeId: this.nodeId,
      build: { own: 'abc1', adopted: 'abc1', outdated: false },
      members: [memberOf(this.nodeId, 'follower', 0), memberOf('abcd' as NodeId, 'leader', 31)],
      voters: ['aaaa', 'abcd', 'bcde'] as NodeId[],
      formerMembers: ['cdef'] as NodeId[],
      leaderId: null,
    });
  }
}

function memberOf(nodeId: NodeId, role: NodeStatus['role'], lastContactMs: number): MemberStatus {
  return {
    nodeId,
    role,
    lastContactMs,
    voter: true,
    profileId: null,
    quarantined: null,
    build: null,
    connected: true,
    liveness: 'connected',
    reaches: null,
    term: 4 as Term,
    commitIndex: null,
    lastApplied: 9 as LogIndex,
    visible: null,
    mayBeEvicted: null,
    matchIndex: null,
  };
}

/** A page whose person answers what the test says, and which keeps what is downloaded. */
export class FakeHost implements ShellHost {
  readonly questions: Question[] = [];
  readonly downloads: string[] = [];
  /** Of the last one. */
  downloaded: Blob | null = null;
  readonly files = new Map<string, File>();
  reply: Reply | null = null;

  async ask(question: Question): Promise<Reply | null> {
    this.questions.push(question);
    return this.reply;
  }

  fileNamed(name: string): File | null {
    return this.files.get(name) ?? null;
  }

  signalling() {
    return { host: 'example.org' };
  }

  download(name: string, content: Blob): void {
    this.downloads.push(name);
    this.downloaded = content;
  }
}
