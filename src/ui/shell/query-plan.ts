/** The rows of EXPLAIN QUERY PLAN as the tree they describe. Pure. */

import type { SqlValue } from '../../node/sql.ts';
import { beginsWith } from '../../client/script-gap.ts';

export interface PlanNode {
  readonly detail: string;
  readonly children: readonly PlanNode[];
}

const EXPLAIN_QUERY_PLAN = /explain\s+query\s+plan\b/iy;

export function isQueryPlan(sql: string): boolean {
  return beginsWith(sql, EXPLAIN_QUERY_PLAN);
}

/** Each row names its own number, its parent's, and what is done; parents come first. */
export function planTree(rows: readonly (readonly SqlValue[])[]): readonly PlanNode[] {
  const roots: { detail: string; children: PlanNode[] }[] = [];
  const siblingsByParent = new Map<SqlValue | undefined, PlanNode[]>();
  for (const [id, parent, , detail] of rows) {
    const node = { detail: String(detail), children: [] };
    (siblingsByParent.get(parent) ?? roots).push(node);
    siblingsByParent.set(id, node.children);
  }
  return roots;
}

/** As sqlite3 draws it. */
export function planText(roots: readonly PlanNode[]): string {
  const lines = ['QUERY PLAN'];
  const draw = (nodes: readonly PlanNode[], indent: string): void => {
    for (const [at, { detail, children }] of nodes.entries()) {
      const isLast = at === nodes.length - 1;
      lines.push(`${indent}${isLast ? '`--' : '|--'}${detail}`);
      draw(children, `${indent}${isLast ? '   ' : '|  '}`);
    }
  };
  draw(roots, '');
  return lines.join('\n');
}
