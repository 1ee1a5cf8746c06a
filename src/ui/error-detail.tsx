/** An error of a statement or of a whole run: message, place, and whether anything happened. */

import './style/results.css';
import type { ResqliteError } from '../client/errors.ts';
import { EFFECTS } from './wording.ts';
import { indexOfByte, pointerAt, positionOf } from './text-position.ts';

interface Props {
  readonly error: ResqliteError;
  /** Where the failed statement begins in its script; null where no statement is to blame. */
  readonly place: { readonly script: string; readonly start: number } | null;
  /** Leads to a place in the script; null where the script is not in the editor. */
  readonly onGoTo: ((index: number) => void) | null;
}

function nameOf({ code, resultCode }: ResqliteError): string {
  return code === 'Sql' && resultCode !== null ? `SQLite error ${resultCode}` : code;
}

export function ErrorDetail({ error, place, onGoTo }: Props) {
  const detail = (
    <p class="error-message">
      <strong>{error.message}</strong>{' '}
      <span class="error-facts">
        {nameOf(error)} · {EFFECTS[error.applied]}
      </span>
    </p>
  );
  return (
    <>
      {detail}
      {place !== null && (
        <Place
          script={place.script}
          index={indexOfByte(place.script, place.start, error.offset ?? 0)}
          isExact={error.offset !== null}
          onGoTo={onGoTo}
        />
      )}
    </>
  );
}

interface PlaceProps {
  readonly script: string;
  readonly index: number;
  /** The error is right here; otherwise it is somewhere in the statement that begins here. */
  readonly isExact: boolean;
  readonly onGoTo: Props['onGoTo'];
}

function Place({ script, index, isExact, onGoTo }: PlaceProps) {
  const { line, column } = positionOf(script, index);
  const { before, at, after } = pointerAt(script, index);
  const name = isExact ? `line ${line}, column ${column}` : `statement in line ${line}`;
  return (
    <div class="error-place">
      {onGoTo === null ? (
        <span>{name}</span>
      ) : (
        <button type="button" class="link" onClick={() => onGoTo(index)}>
          {name}
        </button>
      )}
      {isExact && (
        <code>
          {before}
          <mark>{at === '' ? '␄' : at}</mark>
          {after}
        </code>
      )}
    </div>
  );
}
