/** Where the Lab begins: its stories, a world of one's own, and a seed that somebody found. */

import { useSignal } from '@preact/signals';
import type { StoryOutline } from '../../lab/protocol.ts';
import { addressOfView } from '../views.ts';
import { formatCounted } from '../wording.ts';
import { openSession, picture, problem, stories } from './lab-store.ts';
import { queryOfLink, queryOfPaste, queryOfSource } from './session-text.ts';
import { formatShortMoment } from './virtual-time.ts';

const SERVER_COUNTS = [1, 2, 3, 4, 5, 6, 7];
const CLIENT_COUNTS = [0, 1, 2, 3, 5, 9];

export function LabStart() {
  return (
    <div class="lab-start">
      <section class="lab-intro" aria-labelledby="lab-title">
        <h2 id="lab-title">See the consensus at work</h2>
        <p>
          These are the very algorithms that keep your database, on a simulated network in virtual
          time. Slow it down, stop it, lose messages, crash servers, go back. The same seed and the
          same acts give the same run, everywhere.
        </p>
        <GoOn />
      </section>
      <section aria-labelledby="lab-stories">
        <h2 id="lab-stories">Stories</h2>
        <ul class="lab-cards">
          {stories.value.map((story) => (
            <StoryCard key={story.id} story={story} />
          ))}
        </ul>
      </section>
      {/* Behind the stories, which come a moment later: they would push it away. */}
      {(stories.value.length > 0 || problem.value !== null) && (
        <div class="lab-forms">
          <FreeWorld />
          <FailingSeed />
        </div>
      )}
    </div>
  );
}

/** What was open before stays open. */
function GoOn() {
  const { value: open } = picture;
  if (open === null) return null;
  return (
    <p>
      <a class="button" href={addressOfView('lab', queryOfLink(open.link))}>
        Go on where you were, at {formatShortMoment(open.nowUs)}
      </a>
    </p>
  );
}

function StoryCard({
  story: { id, title, text, steps, servers },
}: {
  readonly story: StoryOutline;
}) {
  return (
    <li>
      <a class="card lab-card" href={addressOfView('lab', queryOfSource({ type: 'story', id }))}>
        <strong>{title}</strong>
        <span class="lab-card-text">{beginning(text)}</span>
        <span class="hint">
          {formatCounted(servers, 'server')} · {formatCounted(steps.length, 'step')}
        </span>
      </a>
    </li>
  );
}

/** Its first sentence, and those behind it where that says little. */
function beginning(text: string): string {
  return /^.{50,}?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text;
}

function FreeWorld() {
  const seed = useSignal('1');
  const servers = useSignal(5);
  const clients = useSignal(1);
  const isSeed = /^\d{1,15}$/.test(seed.value);
  return (
    <form
      class="card lab-form"
      aria-labelledby="lab-free"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isSeed) return;
        openSession(
          queryOfSource({
            type: 'free',
            seed: Number(seed.value),
            servers: servers.value,
            clients: clients.value,
          }),
        );
      }}
    >
      <h2 id="lab-free">A world of your own</h2>
      <p class="hint">A cluster is founded and grows. Nothing goes wrong in it but by your hand.</p>
      <div class="lab-fields">
        <label class="dialog-field">
          <span>Seed</span>
          <input
            type="text"
            inputMode="numeric"
            autocomplete="off"
            value={seed.value}
            aria-invalid={!isSeed}
            aria-describedby={isSeed ? undefined : 'lab-seed-bad'}
            onInput={({ currentTarget }) => (seed.value = currentTarget.value.trim())}
          />
        </label>
        <Count
          label="Servers"
          counts={SERVER_COUNTS}
          value={servers.value}
          onChange={(count) => (servers.value = count)}
        />
        <Count
          label="Clients"
          counts={CLIENT_COUNTS}
          value={clients.value}
          onChange={(count) => (clients.value = count)}
        />
      </div>
      {!isSeed && (
        <p id="lab-seed-bad" class="bad">
          A seed is a whole number.
        </p>
      )}
      <div class="lab-ways">
        <button type="submit" class="button button-main">
          Open
        </button>
        <button
          type="button"
          class="button"
          onClick={() => (seed.value = String(Math.floor(Math.random() * 1_000_000)))}
        >
          Another seed
        </button>
      </div>
    </form>
  );
}

interface CountProps {
  readonly label: string;
  readonly counts: readonly number[];
  readonly value: number;
  readonly onChange: (count: number) => void;
}

function Count({ label, counts, value, onChange }: CountProps) {
  return (
    <label class="dialog-field">
      <span>{label}</span>
      <select
        value={String(value)}
        onChange={({ currentTarget }) => onChange(Number(currentTarget.value))}
      >
        {counts.map((count) => (
          <option key={count} value={String(count)}>
            {count}
          </option>
        ))}
      </select>
    </label>
  );
}

function FailingSeed() {
  const pasted = useSignal('');
  const isRefused = useSignal(false);
  return (
    <form
      class="card lab-form"
      aria-labelledby="lab-failing"
      onSubmit={(event) => {
        event.preventDefault();
        const query = queryOfPaste(pasted.value);
        isRefused.value = query === null;
        if (query !== null) openSession(query);
      }}
    >
      <h2 id="lab-failing">Open a failing seed</h2>
      <p class="hint">
        A seed, a link, or a line of <code>npm run simulate</code>: the run is the same here, to the
        last event.
      </p>
      <label class="dialog-field">
        <span>Seed or link</span>
        <input
          type="text"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          placeholder="#/lab?run=42"
          value={pasted.value}
          aria-invalid={isRefused.value}
          aria-describedby={isRefused.value ? 'lab-paste-bad' : undefined}
          onInput={({ currentTarget }) => {
            pasted.value = currentTarget.value;
            isRefused.value = false;
          }}
        />
      </label>
      {isRefused.value && (
        <p id="lab-paste-bad" class="bad" role="alert">
          There is neither a seed nor a link of the Lab in it.
        </p>
      )}
      <div class="lab-ways">
        <button type="submit" class="button button-main">
          Open
        </button>
      </div>
    </form>
  );
}
