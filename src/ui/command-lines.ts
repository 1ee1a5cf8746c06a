/** Marks the editor's dot-commands, which to the SQL highlighting are nonsense. */

import { RangeSetBuilder, StateField, type EditorState } from '@codemirror/state';
import { Decoration, EditorView, type DecorationSet } from '@codemirror/view';
import { readShellScript } from './shell/shell-script.ts';

/** Looked through at every change: a longer text is a pasted file, and goes without. */
const MAX_CHARACTERS = 50_000;

const commandMark = Decoration.mark({ class: 'cm-command' });

export const commandLines = StateField.define<DecorationSet>({
  create: marksOf,
  update: (marks, { docChanged, state }) => (docChanged ? marksOf(state) : marks),
  provide: (field) => EditorView.decorations.from(field),
});

function marksOf({ doc }: EditorState): DecorationSet {
  const marks = new RangeSetBuilder<Decoration>();
  if (doc.length > MAX_CHARACTERS) return marks.finish();
  for (const { type, start, text } of readShellScript(doc.toString())) {
    if (type === 'command') marks.add(start, start + text.length, commandMark);
  }
  return marks.finish();
}
