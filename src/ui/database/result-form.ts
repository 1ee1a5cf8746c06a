/** Whether rows are shown as a table or as JSON, in all results of this browser. */

import { signal } from '@preact/signals';
import { keep, kept } from '../browser-memory.ts';

const KEY = 'resqlite:result-form';

export type ResultForm = 'table' | 'json';
export const RESULT_FORMS: Readonly<Record<ResultForm, string>> = { table: 'Table', json: 'JSON' };

export const resultForm = signal<ResultForm>(kept(KEY) === 'json' ? 'json' : 'table');

export function chooseForm(form: ResultForm): void {
  resultForm.value = form;
  keep(KEY, form);
}
