/** A button for something done with the open database, and what is to be said of it beside. */

import type { ComponentChildren } from 'preact';
import type { Database } from '../client/database.ts';

export interface DatabaseActionProps {
  readonly database: Database | null;
  readonly label: string;
  /** Tells of its own failures; never rejects. */
  readonly run: (database: Database) => Promise<void>;
  readonly hint: ComponentChildren;
}

export function DatabaseAction({ database, label, run, hint }: DatabaseActionProps) {
  return (
    <div class="action">
      <button
        type="button"
        class="button"
        disabled={database === null}
        onClick={() => {
          if (database !== null) void run(database);
        }}
      >
        {label}
      </button>
      <p class="hint" aria-live="polite">
        {hint}
      </p>
    </div>
  );
}
