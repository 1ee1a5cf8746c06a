/** What is to be said of a column. Pure. */

import type { ColumnEntry } from './schema-list.ts';

export function columnFacts(column: ColumnEntry): string[] {
  const { isKey, isRequired, isGenerated, defaultSql, refersTo } = column;
  return [
    ...(isKey ? ['primary key'] : []),
    ...(refersTo === null ? [] : [`refers to ${refersTo}`]),
    ...(isRequired ? ['not null'] : []),
    ...(isGenerated ? ['generated'] : []),
    ...(defaultSql === null ? [] : [`default ${defaultSql}`]),
  ];
}
