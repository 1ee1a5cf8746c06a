/**
 * A query plan, each step below what it is a part of. What a step means is said below the plan when it
 * is pointed at or has the focus.
 */

import { useSignal, type Signal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { meaningOfStep } from './database/plan-words.ts';
import type { PlanNode } from './shell/query-plan.ts';

/** The step that is explained; null: none. */
type Explained = Signal<PlanNode | null>;

export function PlanTree({ label, roots }: { label: string; roots: readonly PlanNode[] }) {
  const explained: Explained = useSignal<PlanNode | null>(null);
  const { value: step } = explained;
  return (
    <div class="plan-card">
      <div class="plan" role="group" aria-label={`${label}: query plan`}>
        <p class="plan-title">Query plan</p>
        <Steps nodes={roots} explained={explained} />
      </div>
      <p class="plan-meaning" aria-hidden="true">
        {step === null ? (
          adviceOn(roots)
        ) : (
          <>
            <code>{step.detail}</code> {meaningOfStep(step.detail)}
          </>
        )}
      </p>
    </div>
  );
}

function adviceOn(roots: readonly PlanNode[]): string {
  if (roots.length === 0) return 'No table is read.';
  return 'Point at a step, or go to it by Tab, to read what it means.';
}

interface StepsProps {
  readonly nodes: readonly PlanNode[];
  readonly explained: Explained;
}

function Steps({ nodes, explained }: StepsProps) {
  return (
    <ul class="plan-steps">
      {nodes.map((node, at) => (
        <li key={at}>
          <Step node={node} explained={explained} />
          {node.children.length > 0 && <Steps nodes={node.children} explained={explained} />}
        </li>
      ))}
    </ul>
  );
}

function Step({ node, explained }: { readonly node: PlanNode; readonly explained: Explained }) {
  const id = useId();
  const meaning = meaningOfStep(node.detail);
  if (meaning === null) return <code>{node.detail}</code>;
  const explain = (): void => {
    explained.value = node;
  };
  return (
    <>
      <button
        type="button"
        class="plan-step"
        aria-describedby={id}
        onPointerEnter={explain}
        onFocus={explain}
        onClick={explain}
      >
        <code>{node.detail}</code>
      </button>
      <span id={id} class="sr-only">
        {meaning}
      </span>
    </>
  );
}
