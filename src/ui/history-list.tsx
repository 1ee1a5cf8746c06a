/** What was run before, to be taken back into the editor. */

import { clearHistory, history } from './history.ts';

interface Props {
  readonly id: string;
  readonly onPick: (sql: string) => void;
}

const EXCERPT_CHARACTERS = 200;

export function HistoryList({ id, onPick }: Props) {
  const entries = history.value;
  if (entries.length === 0) {
    return (
      <p id={id} class="history-empty">
        Nothing has been run in this browser yet.
      </p>
    );
  }
  return (
    <div id={id} class="history">
      <ul class="history-list" aria-label="History">
        {entries.map((sql) => (
          <li key={sql}>
            <button type="button" class="history-entry" onClick={() => onPick(sql)}>
              <code>{sql.slice(0, EXCERPT_CHARACTERS)}</code>
            </button>
          </li>
        ))}
      </ul>
      <p class="history-foot">
        <span>Kept in this browser only.</span>
        <button type="button" class="link" onClick={clearHistory}>
          Clear
        </button>
      </p>
    </div>
  );
}
