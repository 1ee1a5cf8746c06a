/**
 * SQLite's SQL as the editor knows it: its library's dialect, with the keywords that one leaves out, and
 * without the names of dot-commands, which are no more than names within SQL.
 */

import { SQLDialect, SQLite } from '@codemirror/lang-sql';

const NEWER_KEYWORDS =
  'always exclude explain filter following generated groups materialized nothing nulls others over ' +
  'partition preceding range returning ties unbounded window within';

export const SQLITE_DIALECT = SQLDialect.define({
  ...SQLite.spec,
  builtin: '',
  keywords: `${SQLite.spec.keywords ?? ''} ${NEWER_KEYWORDS}`,
});
