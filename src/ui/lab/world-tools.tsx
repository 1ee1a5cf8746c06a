/** What is done to the whole world by hand: a server more, a network that falls apart, and heals. */

import { useSignal } from '@preact/signals';
import type { LabPicture } from '../../lab/protocol.ts';
import { act } from './lab-store.ts';

export function WorldTools({ now }: { readonly now: LabPicture }) {
  const isChoosing = useSignal(false);
  if (now.ended) return null;
  return (
    <>
      <div class="lab-choices">
        <button
          type="button"
          class="button"
          aria-expanded={isChoosing.value}
          onClick={() => (isChoosing.value = !isChoosing.value)}
        >
          Partition…
        </button>
        <button
          type="button"
          class="button"
          disabled={now.blocked.length === 0}
          onClick={() => void act([{ type: 'heal' }])}
        >
          Heal the network <kbd>H</kbd>
        </button>
        <button type="button" class="button" onClick={() => void act([{ type: 'join' }])}>
          Add a server
        </button>
      </div>
      {isChoosing.value && <Partition now={now} onDone={() => (isChoosing.value = false)} />}
    </>
  );
}

interface PartitionProps {
  readonly now: LabPicture;
  readonly onDone: () => void;
}

function Partition({ now, onDone }: PartitionProps) {
  const chosen = useSignal<readonly number[]>([]);
  const servers = now.servers.filter(({ state }) => state !== 'lost');
  const others = servers.filter(({ number }) => !chosen.value.includes(number));
  const canCut = chosen.value.length > 0 && others.length > 0;
  return (
    <form
      class="lab-partition"
      onSubmit={(event) => {
        event.preventDefault();
        if (!canCut) return;
        const groups = [chosen.value, others.map(({ number }) => number)];
        void act([{ type: 'partition', groups }]);
        onDone();
      }}
    >
      <fieldset>
        <legend>One side of the network</legend>
        {servers.map(({ number, name }) => (
          <label key={number} class="check">
            <input
              type="checkbox"
              checked={chosen.value.includes(number)}
              onChange={({ currentTarget: { checked } }) => {
                const rest = chosen.value.filter((other) => other !== number);
                chosen.value = checked ? [...rest, number].toSorted((a, b) => a - b) : rest;
              }}
            />
            {name}
          </label>
        ))}
      </fieldset>
      <button type="submit" class="button button-danger" disabled={!canCut}>
        Cut it off
      </button>
    </form>
  );
}
