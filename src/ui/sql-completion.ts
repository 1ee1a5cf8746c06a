/** What the editor offers while one types: keywords, tables, columns, and dot-commands. */

import {
  autocompletion,
  completeFromList,
  type CompletionContext,
  type CompletionResult,
  type CompletionSource,
} from '@codemirror/autocomplete';
import { keywordCompletionSource, schemaCompletionSource } from '@codemirror/lang-sql';
import type { Extension } from '@codemirror/state';
import { completeCommand } from './shell/command-completion.ts';
import { SQLITE_DIALECT } from './sql-dialect.ts';

/** `schema`: column names by table. */
export function sqlCompletion(schema: Readonly<Record<string, readonly string[]>>): Extension {
  const tables = Object.keys(schema);
  // The schema's own source knows tables, and columns behind `table.`; not columns alone.
  const columns = Object.entries(schema).flatMap(([table, names]) =>
    names.map((label) => ({ label, type: 'property', detail: table })),
  );
  const sources = [
    keywordCompletionSource(SQLITE_DIALECT),
    schemaCompletionSource({ dialect: SQLITE_DIALECT, schema }),
    completeFromList(columns),
  ];
  const override = [
    (context: CompletionContext) => inCommand(context, tables),
    ...sources.map(inSqlOnly),
  ];
  return autocompletion({ activateOnTyping: true, icons: false, override });
}

function inCommand(context: CompletionContext, tables: readonly string[]): CompletionResult | null {
  const { from, text } = context.state.doc.lineAt(context.pos);
  if (!isCommand(text)) return null;
  const found = completeCommand(text.slice(0, context.pos - from), tables);
  if (found === null) return null;
  return { from: from + found.from, options: [...found.options], filter: false };
}

function inSqlOnly(source: CompletionSource): CompletionSource {
  return (context) =>
    isCommand(context.state.doc.lineAt(context.pos).text) ? null : source(context);
}

function isCommand(line: string): boolean {
  return line.trimStart().startsWith('.');
}
