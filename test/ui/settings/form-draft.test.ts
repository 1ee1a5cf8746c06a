/** A form of settings: what is typed, what is set elsewhere meanwhile, and whether it is saved. */

import { expect, test } from 'vitest';
import { FormDraft } from '../../../src/ui/settings/form-draft.ts';

test('what is set elsewhere comes in as long as nothing was typed', () => {
  const draft = new FormDraft({ a: 1, b: 'x' });
  draft.follow({ a: 2, b: 'y' });
  expect(draft.form.value).toEqual({ a: 2, b: 'y' });
  draft.change({ b: 'mine' });
  draft.follow({ a: 3, b: 'z' });
  expect(draft.form.value).toEqual({ a: 2, b: 'mine' });
  draft.settle({ a: 2, b: 'mine' });
  draft.follow({ a: 4, b: 'w' });
  expect(draft.form.value).toEqual({ a: 4, b: 'w' });
});

test('it is saved until it changes, however it does', () => {
  const draft = new FormDraft({ list: [1] });
  expect(draft.isSaved.value).toBe(false);
  draft.settle({ list: [1, 2] });
  expect(draft.isSaved.value).toBe(true);
  // What it has become itself.
  draft.follow({ list: [1, 2] });
  expect(draft.isSaved.value).toBe(true);
  // As fields do that know the signal only.
  draft.form.value = { list: [1] };
  expect(draft.isSaved.value).toBe(false);
  draft.settle({ list: [1] });
  draft.follow({ list: [9] });
  expect([draft.isSaved.value, draft.form.value]).toEqual([false, { list: [9] }]);
});
