/**
 * What the shell stands on: the database, and the page around it. Both are given, so that the shell
 * runs in tests without either.
 */

import type { Database } from '../../client/database.ts';
import type { SignallingSettings } from '../../node/signalling-settings.ts';

export type ShellDatabase = Pick<
  Database,
  | 'clusterId'
  | 'nodeId'
  | 'faults'
  | 'run'
  | 'query'
  | 'status'
  | 'invite'
  | 'transferLeadership'
  | 'removeNode'
  | 'skip'
  | 'import'
  | 'export'
  | 'dump'
  | 'importCsv'
>;

/** Something only a person can tell. */
export interface Question {
  readonly title: string;
  readonly text: string;
  /** A file is to be picked, of these types. */
  readonly file: { readonly accept: string } | null;
  /** A line of text is to be typed. */
  readonly field: {
    readonly label: string;
    readonly value: string;
    /** What it may well be for a file of this name. */
    readonly suggest: (fileName: string) => string;
  } | null;
  /** What the button says that agrees. */
  readonly action: string;
  /** It cannot be taken back. */
  readonly isDangerous: boolean;
}

export interface Reply {
  readonly file: File | null;
  readonly text: string;
}

/** The page, as far as the shell needs it. */
export interface ShellHost {
  /** Null: the person declined. */
  ask(question: Question): Promise<Reply | null>;
  /** A file dropped or picked before under this name. */
  fileNamed(name: string): File | null;
  download(name: string, content: Blob): void;
  /** The signalling server that the person has chosen; {}: the page's own. */
  signalling(): SignallingSettings;
}
