/** What can be done with the rows of a result: show them otherwise, copy them, take them as a file. */

import { useSignal } from '@preact/signals';
import { toReadError } from '../../client/errors.ts';
import { CopyButton } from '../copy-button.tsx';
import type { CopiedText } from '../copying.ts';
import { downloadFile } from '../download.ts';
import { database } from '../store.ts';
import { firstRowsOf, type TableRows } from '../table-rows.ts';
import { formatCount } from '../wording.ts';
import { chooseForm, RESULT_FORMS, resultForm, type ResultForm } from './result-form.ts';
import { fileOf, type FileFormat, type RowQuery } from './row-files.ts';
import { jsonRows, tabbedRows } from './row-text.ts';

/** More is for a file. */
const MAX_COPIED_ROWS = 20_000;

interface Props {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly rows: TableRows;
  readonly query: RowQuery | null;
}

export function RowActions({ name, rows, query }: Props) {
  return (
    <>
      <CopyRows rows={rows} />
      <DownloadButton format="csv" name={name} rows={rows} query={query} />
      <DownloadButton format="json" name={name} rows={rows} query={query} />
      <FormToggle />
    </>
  );
}

function FormToggle() {
  return (
    <span class="segments" role="group" aria-label="Show rows as">
      {(Object.keys(RESULT_FORMS) as ResultForm[]).map((form) => (
        <button
          key={form}
          type="button"
          class="segment"
          aria-pressed={resultForm.value === form}
          onClick={() => chooseForm(form)}
        >
          {RESULT_FORMS[form]}
        </button>
      ))}
    </span>
  );
}

function CopyRows({ rows }: { readonly rows: TableRows }) {
  const form = resultForm.value;
  return (
    <CopyButton
      key={form}
      label={form === 'json' ? 'Copy JSON' : 'Copy table'}
      of={rows}
      read={() => copiedRows(rows, form)}
    />
  );
}

async function copiedRows(rows: TableRows, form: ResultForm): Promise<CopiedText> {
  const some = await firstRowsOf(rows, MAX_COPIED_ROWS);
  const isAll = some.length === rows.rowCount;
  return {
    text: (form === 'json' ? jsonRows : tabbedRows)(rows.columns, some),
    done: isAll ? 'Copied' : `Copied the first ${formatCount(some.length)}`,
  };
}

interface DownloadProps {
  readonly format: FileFormat;
  readonly name: string;
  /** Taken where there is no query. */
  readonly rows: TableRows | null;
  /** Reads everything again: what is kept is not all, or not for long. */
  readonly query: RowQuery | null;
}

export function DownloadButton({ format, name, rows, query }: DownloadProps) {
  const label = `Download ${format.toUpperCase()}`;
  const state = useSignal<string | null>(null);
  const isBusy = useSignal(false);

  async function download(): Promise<void> {
    const { value: from } = database;
    if (from === null || isBusy.value) return;
    isBusy.value = true;
    state.value = 'Reading…';
    try {
      downloadFile(`${name}.${format}`, await fileOf(format, from, query, rows));
      state.value = null;
    } catch (error) {
      state.value = toReadError(error).message;
    }
    isBusy.value = false;
  }

  return (
    <button type="button" class="link" onClick={() => void download()}>
      {state.value ?? label}
    </button>
  );
}
