/** Measures this cluster beside SQLite alone, and shows what came of it. */

import 'uplot/dist/uPlot.min.css';
import '../style/benchmark.css';
import { useSignal, type Signal } from '@preact/signals';
import { Dialog } from '../dialog.tsx';
import { closeDialog } from '../open-dialog.ts';
import { database, nextTabAddress, status } from '../store.ts';
import {
  describeCluster,
  FULL,
  GROUPS,
  missingTabs,
  QUICK,
  type Amount,
} from './benchmark-plan.ts';
import {
  benchmarkProblem,
  benchmarkRun,
  downloadReport,
  outcome,
  startBenchmark,
  stopBenchmark,
} from './benchmark-store.ts';
import { FigureTable } from './figure-table.tsx';
import { Plots } from './plots.tsx';

export function BenchmarkDialog() {
  const { value: done } = outcome;
  return (
    <Dialog title="Benchmark" size="large" onClose={closeDialog}>
      <div class="benchmark">
        <Foreword />
        <PlanForm />
        {benchmarkProblem.value !== null && (
          <p class="bad" role="alert">
            {benchmarkProblem.value}
          </p>
        )}
        {done !== null && (
          <>
            <Plots outline={done.outline} />
            <FigureTable rows={done.outline.rows} />
            {done.report.notes.map((note) => (
              <p key={note} class="hint">
                Note: {note}
              </p>
            ))}
          </>
        )}
        <div class="dialog-actions">
          {done !== null && benchmarkRun.value === null && (
            <button type="button" class="button dialog-aside" onClick={() => downloadReport(done)}>
              Download as JSON
            </button>
          )}
          <button type="button" class="button" onClick={closeDialog}>
            Close
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function Foreword() {
  const voters = status.value?.voters.length ?? 0;
  return (
    <>
      <p class="dialog-text">
        Measures this cluster and SQLite without replication in turns, in this browser, so that
        whatever else the machine does meets both.
      </p>
      <ul class="benchmark-terms">
        <li>
          It writes to tables of its own in this database, which every member stores, and drops them
          afterwards.
        </li>
        <li>
          Every tab that this cluster has in this browser takes part, and is busy meanwhile.{' '}
          {describeCluster(voters)}{' '}
          {missingTabs(voters) > 0 && (
            <a href={nextTabAddress.value} target="_blank" rel="noopener">
              Open another tab
            </a>
          )}
        </li>
        <li>
          It takes minutes, at full scale many. It goes on while this dialog is closed, but not
          without this tab.
        </li>
        <li>What it compares with is fetched from the page’s server, which has to be there.</li>
      </ul>
    </>
  );
}

function PlanForm() {
  const chosen = useSignal<ReadonlySet<string>>(new Set(GROUPS.map(({ label }) => label)));
  const amount = useSignal<Amount>(QUICK);
  const { value: opened } = database;
  const isRunning = benchmarkRun.value !== null;

  function start(): void {
    if (opened === null) return;
    const groups = GROUPS.filter(({ label }) => chosen.value.has(label));
    void startBenchmark(opened, {
      only: groups.flatMap(({ only }) => only),
      amount: amount.value,
    });
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <div class="benchmark-plan">
        <GroupChoice chosen={chosen} isDisabled={isRunning} />
        <AmountChoice chosen={amount} isDisabled={isRunning} />
      </div>
      <div class="dialog-line">
        <button
          type="submit"
          class="button button-main"
          disabled={isRunning || opened === null || chosen.value.size === 0}
        >
          Start
        </button>
        <button type="button" class="button" disabled={!isRunning} onClick={stopBenchmark}>
          Stop
        </button>
        <RunLine />
      </div>
    </form>
  );
}

interface ChoiceProps<Value> {
  readonly chosen: Signal<Value>;
  readonly isDisabled: boolean;
}

function GroupChoice({ chosen, isDisabled }: ChoiceProps<ReadonlySet<string>>) {
  function choose(label: string, isChosen: boolean): void {
    const others = [...chosen.value].filter((one) => one !== label);
    chosen.value = new Set(isChosen ? [...others, label] : others);
  }

  return (
    <fieldset class="dialog-section" disabled={isDisabled}>
      <legend>What</legend>
      {GROUPS.map(({ label, hint }) => (
        <label key={label} class="check check-line">
          <input
            type="checkbox"
            checked={chosen.value.has(label)}
            onChange={({ currentTarget }) => choose(label, currentTarget.checked)}
          />
          <span>
            {label} <span class="hint">{hint}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function AmountChoice({ chosen, isDisabled }: ChoiceProps<Amount>) {
  return (
    <fieldset class="dialog-section" disabled={isDisabled}>
      <legend>How much</legend>
      {[QUICK, FULL].map((amount) => (
        <label key={amount.label} class="check check-line">
          <input
            type="radio"
            name="amount"
            checked={chosen.value === amount}
            onChange={() => {
              chosen.value = amount;
            }}
          />
          <span>
            {amount.label} <span class="hint">{amount.hint}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function RunLine() {
  const { value: run } = benchmarkRun;
  if (run === null) return <p class="hint">{database.value === null && 'No node is open here.'}</p>;
  return (
    <div class="benchmark-run">
      <progress value={run.share} aria-label="Progress" />
      <p class="hint">{run.doing}</p>
    </div>
  );
}
