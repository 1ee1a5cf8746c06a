/** How large the cluster grows, and how long it waits for a voter that is away. */

import { useSignal, useSignalEffect } from '@preact/signals';
import { useId, useMemo } from 'preact/hooks';
import { AUTOPILOT_DEFAULTS } from '../../client/arguments.ts';
import { reloadPage } from '../leaving.ts';
import { status } from '../store.ts';
import { formatCount, formatCounted } from '../wording.ts';
import { FormEnd } from './form-end.tsx';
import {
  autopilotFormOf,
  autopilotOf,
  LEAST_TIMEOUT_S,
  MOST_TIMEOUT_S,
  VOTER_CHOICES,
  type AutopilotForm as Fields,
} from './autopilot-choice.ts';
import { FormDraft } from './form-draft.ts';
import { changeAutopilot, isReloadDue, ownAutopilot } from './autopilot-store.ts';

export function AutopilotForm() {
  const draft = useMemo(() => new FormDraft(autopilotFormOf(ownAutopilot.peek())), []);
  const { form, isSaved } = draft;
  const isWrong = useSignal(false);
  const change = (changes: Partial<Fields>): void => draft.change(changes);
  useSignalEffect(() => draft.follow(autopilotFormOf(ownAutopilot.value)));

  function save(): void {
    const options = autopilotOf(form.value);
    isWrong.value = options === null;
    if (options === null) return;
    changeAutopilot(options);
    draft.settle(autopilotFormOf(options));
  }

  return (
    <form
      class="settings-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <VotersField value={form.value.maxVoters} onChange={(maxVoters) => change({ maxVoters })} />
      <TimeoutField
        value={form.value.voterTimeoutS}
        isWrong={isWrong.value}
        onChange={(voterTimeoutS) => change({ voterTimeoutS })}
      />
      <SizeNow />
      <p class="hint">
        For the tabs of this browser. Whichever member leads goes by its own, so set the same in
        every browser of the cluster.
      </p>
      {isReloadDue.value && (
        <p class="settings-due">
          What is set is in force when this tab’s node is opened the next time.{' '}
          <button type="button" class="link" onClick={reloadPage}>
            Reload now
          </button>
        </p>
      )}
      <FormEnd
        isSaved={isSaved.value}
        reset="Defaults"
        onReset={() => {
          change(autopilotFormOf({}));
          isWrong.value = false;
        }}
      />
    </form>
  );
}

function SizeNow() {
  const { value: known } = status;
  if (known === null || known.voters.length === 0) return null;
  const { voters, learners } = known;
  return (
    <p class="settings-text">
      Now {formatCounted(voters.length, 'voter')} and {formatCounted(learners.length, 'member')}{' '}
      without a vote.
    </p>
  );
}

interface VotersFieldProps {
  readonly value: number;
  readonly onChange: (maxVoters: number) => void;
}

function VotersField({ value, onChange }: VotersFieldProps) {
  const hint = useId();
  return (
    <div class="settings-field">
      <label class="dialog-field">
        <span>Voters at most</span>
        <select
          value={value}
          aria-describedby={hint}
          onChange={({ currentTarget }) => onChange(Number(currentTarget.value))}
        >
          {VOTER_CHOICES.map((voters) => (
            <option key={voters} value={voters}>
              {describeVoters(voters)}
            </option>
          ))}
        </select>
      </label>
      <p class="hint" id={hint}>
        Further tabs get every entry and have no vote. A cluster that has more voters already keeps
        them.
      </p>
    </div>
  );
}

function describeVoters(voters: number): string {
  const losses = (voters - 1) / 2;
  const survives = losses === 0 ? 'survives no loss' : `survives ${formatLosses(losses)}`;
  return `${voters}: ${survives}${voters === AUTOPILOT_DEFAULTS.maxVoters ? ' (default)' : ''}`;
}

function formatLosses(losses: number): string {
  return losses === 1 ? '1 loss' : `${losses} losses`;
}

interface TimeoutFieldProps {
  readonly value: string;
  readonly isWrong: boolean;
  readonly onChange: (voterTimeoutS: string) => void;
}

function TimeoutField({ value, isWrong, onChange }: TimeoutFieldProps) {
  const hint = useId();
  const problem = useId();
  return (
    <div class="settings-field">
      <label class="dialog-field">
        <span>A silent voter is replaced after (seconds)</span>
        <input
          type="text"
          inputMode="decimal"
          autocomplete="off"
          value={value}
          aria-invalid={isWrong}
          aria-describedby={isWrong ? problem : hint}
          onInput={({ currentTarget }) => onChange(currentTarget.value)}
        />
      </label>
      {isWrong ? (
        <p class="settings-problem" id={problem} role="alert">
          A number of seconds, from {LEAST_TIMEOUT_S} to {formatCount(MOST_TIMEOUT_S)}.
        </p>
      ) : (
        <p class="hint" id={hint}>
          By a member without a vote that is there and caught up. {LEAST_TIMEOUT_S} s at least, so
          that no election costs a vote; {AUTOPILOT_DEFAULTS.voterTimeoutMs / 1_000} s by default.
        </p>
      )}
    </div>
  );
}
