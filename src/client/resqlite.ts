/**
 * The library's entry: what `import … from 'resqlite'` has, and what the page itself is built on. It may be
 * imported where there is no browser (on a server that renders pages): nothing happens before `open`.
 */

export { clusters, open } from './open.ts';
export { ResqliteError } from './errors.ts';
export { inviteIn } from './invite-link.ts';

export type { SqlParams, SqlValue, Statement, StatementResult, ReadLevel } from '../node/sql.ts';
export type { Applied, ErrorCode } from '../node/errors.ts';
export type { Inspection } from '../node/inspection.ts';
export type { QueuedWrite } from '../node/queued-write.ts';
export type { SignallingSettings } from '../node/signalling-settings.ts';
export type { NodeStatus } from '../node/status.ts';
export type { LogIndex, NodeId, Term } from '../raft/types.ts';
export type { CallOptions } from './call-limits.ts';
export type { CsvExportOptions } from './csv-export.ts';
export type { CsvImportOptions, CsvImportResult } from './csv-import.ts';
export type { Cursor, RowBatch } from './cursor.ts';
export type { Database } from './database.ts';
export type { LeaveOptions } from './departure.ts';
export type { DumpOptions } from './dump.ts';
export type { ExecuteAnswer } from './execute-answer.ts';
export type { ExportOptions } from './export.ts';
export type { Faults } from './faults.ts';
export type { ImportedFile, ImportOptions } from './import.ts';
export type { InviteOptions } from './invites.ts';
export type { OpenOptions } from './open-nodes.ts';
export type { AutopilotOptions, ClusterEntry, OpenInvite } from './protocol.ts';
export type { ExecuteOptions } from './queueing.ts';
export type { IterateOptions, QueryAnswer, QueryOptions } from './reads.ts';
export type { Row } from './row.ts';
export type { CursorRunOptions, RunOptions, RunResult } from './script-runs.ts';
export type { Transaction, TransactionOptions } from './transaction.ts';
export type { StoredNodeStatus } from './woken-nodes.ts';
