/** A query plan, each step below what it is a part of. */

import type { PlanNode } from './shell/query-plan.ts';

export function PlanTree({ label, roots }: { label: string; roots: readonly PlanNode[] }) {
  return (
    <div class="plan" role="group" aria-label={`${label}: query plan`}>
      <p class="plan-title">Query plan</p>
      <Steps nodes={roots} />
    </div>
  );
}

function Steps({ nodes }: { readonly nodes: readonly PlanNode[] }) {
  return (
    <ul class="plan-steps">
      {nodes.map(({ detail, children }, at) => (
        <li key={at}>
          <code>{detail}</code>
          {children.length > 0 && <Steps nodes={children} />}
        </li>
      ))}
    </ul>
  );
}
