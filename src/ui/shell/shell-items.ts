/** What a run of the shell shows, one item below the other. Plain data, but for rows that are kept. */

import type { ResqliteError } from '../../client/errors.ts';
import type { ReadLevel } from '../../node/sql.ts';
import type { Row, RowBlocks } from '../row-source.ts';
import type { PlanNode } from './query-plan.ts';

/** What is being run. */
export interface ScriptSource {
  /** The file's name; empty for the editor. */
  readonly name: string;
  readonly text: string;
  /** Where in the editor it begins: a selection may be run alone. Null: it is not there. */
  readonly base: number | null;
}

/** How rows are shown. */
export type ResultView =
  | {
      readonly type: 'table';
      readonly columns: readonly string[];
      readonly rows: readonly Row[];
      /** More than `rows` where the others are kept no more. */
      readonly rowCount: number;
      readonly nullText: string | null;
    }
  | { readonly type: 'blocks'; readonly blocks: RowBlocks; readonly nullText: string | null }
  /** Of `rowCount` rows the first `shownRows`. */
  | {
      readonly type: 'text';
      readonly text: string;
      readonly shownRows: number;
      readonly rowCount: number;
    }
  | { readonly type: 'plan'; readonly roots: readonly PlanNode[] };

export type ItemOutcome =
  | {
      readonly type: 'rows';
      readonly view: ResultView;
      readonly rowCount: number;
      readonly level: ReadLevel;
      readonly appliedIndex: number;
    }
  | {
      readonly type: 'executed';
      readonly index: number;
      readonly rowsAffected: number;
      /** Of what RETURNING gave. */
      readonly view: ResultView | null;
    }
  /** It waits in the outbox. */
  | { readonly type: 'queued' }
  | { readonly type: 'done' }
  | { readonly type: 'dropped' }
  | { readonly type: 'error'; readonly error: ResqliteError };

export interface StatementItem {
  readonly type: 'statement';
  /** Which item of the run it is, counted from 0: an earlier one may come later. */
  readonly place: number;
  /** Counted from 1 over the whole run. */
  readonly number: number;
  readonly sql: string;
  readonly source: ScriptSource;
  /** Where in the source's text it begins. */
  readonly start: number;
  readonly elapsedMs: number;
  readonly outcome: ItemOutcome;
  /** What `.timer` and `.changes` print behind it. */
  readonly notes: readonly string[];
}

export interface CommandItem {
  readonly type: 'command';
  /** Which item of the run it is, counted from 0: an earlier one may come later. */
  readonly place: number;
  /** The line as it was typed. */
  readonly text: string;
  readonly outcome:
    | { readonly type: 'text'; readonly text: string }
    /** It asked, and the person declined. */
    | { readonly type: 'declined' }
    /** It was not understood. */
    | { readonly type: 'refused'; readonly message: string }
    | { readonly type: 'error'; readonly error: ResqliteError };
}

export type ShellItem = StatementItem | CommandItem;
