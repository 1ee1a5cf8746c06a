/**
 * The library's entry: what `import … from 'resqlite'` has, and what the page itself is built on. It may be
 * imported where there is no browser (on a server that renders pages): nothing happens before `open`.
 *
 * Every type that one of these names is one of these, so that a caller can name whatever it is given.
 *
 * @module
 */

export { clusters, open } from './open.ts';
export { Signalling } from './signalling.ts';
export { ResqliteError } from './errors.ts';
export { inviteIn } from './invite-link.ts';

export type { Applied, ErrorCode, Failure, SqliteErrorDetail } from '../node/errors.ts';
export type {
  CommitTimes,
  Inspection,
  MessageCount,
  MessageName,
  NodeEvent,
  NodeEventDetail,
  ProgressReport,
  StateHashes,
  TermRun,
} from '../node/inspection.ts';
export type { QueuedOutcome, QueuedWrite } from '../node/queued-write.ts';
export type { IceServer, SignallingSettings } from '../node/signalling-settings.ts';
export type { ReadLevel, SqlParams, SqlValue, Statement, StatementResult } from '../node/sql.ts';
export type {
  Liveness,
  MemberStatus,
  NodeStatus,
  StorageStatus,
  TransportStatus,
} from '../node/status.ts';
export type { RaftEventDetail } from '../raft/events.ts';
export type { LogIndex, NodeId, Role, Term } from '../raft/types.ts';
export type { CallOptions } from './call-limits.ts';
export type { CsvExportOptions, CsvExportProgress } from './csv-export.ts';
export type {
  CsvError,
  CsvImportOptions,
  CsvImportProgress,
  CsvImportResult,
} from './csv-import-options.ts';
export type { CsvBlobs } from './csv-text.ts';
export type { Cursor, RowBatch, Rows } from './cursor.ts';
export type { Database } from './database.ts';
export type { DatabaseFiles } from './database-files.ts';
export type { DatabaseMembership } from './database-membership.ts';
export type { DatabaseHash, DatabaseMonitoring } from './database-monitoring.ts';
export type { DatabaseOutbox } from './database-outbox.ts';
export type { DatabaseProfile, RecoveredCluster } from './database-profile.ts';
export type { DatabaseReads } from './database-reads.ts';
export type { DatabaseWrites } from './database-writes.ts';
export type { LeaveOptions, RemovalAnswer } from './departure.ts';
export type { DumpOptions } from './dump.ts';
export type { ExecuteAnswer } from './execute-answer.ts';
export type { ExportOptions, FileProgress } from './export.ts';
export type { Faults } from './faults.ts';
export type { ImportedFile, ImportOptions, ImportProgress } from './import.ts';
export type { InviteOptions } from './invites.ts';
export type { MigrateOptions, MigrateResult, Migration, MigrationDetail } from './migration.ts';
export type { OpenOptions } from './open-nodes.ts';
export type { AutopilotOptions, ClusterEntry, OpenInvite } from './protocol.ts';
export type { ExecuteOptions } from './queueing.ts';
export type { IterateOptions, QueryAnswer, QueryOptions } from './reads.ts';
export type { Row } from './row.ts';
export type {
  RunOptionsFor,
  RunProgress,
  ScriptError,
  ScriptOutcome,
  ScriptReport,
  ScriptResult,
} from './script-report.ts';
export type { CursorRunOptions, RunOptions, RunResult } from './script-runs.ts';
export type { Transaction, TransactionOptions, TransactionRows } from './transaction.ts';
export type { StoredNodeStatus } from './woken-nodes.ts';
export type { AssetOptions } from './worker-files.ts';
