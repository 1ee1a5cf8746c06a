/**
 * Typing over a selection in the editor, done by the editor instead of the browser. Left to itself
 * Chromium keeps the look of what it replaces in inline styles, which the page's policy forbids; the
 * editor would drop them anyway. Handlers of typed text, such as that of brackets, are asked first, as
 * they are where the browser types. Text that is being composed is left to the browser.
 */

import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';

export const selectionTyping: Extension = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    const { state } = view;
    const { from, to, empty } = state.selection.main;
    const text = event.data;
    if (event.inputType !== 'insertText' || text === null || empty || view.composing) return false;
    const insert = () =>
      state.update(state.replaceSelection(text), { userEvent: 'input.type', scrollIntoView: true });
    const isHandled = state
      .facet(EditorView.inputHandler)
      .some((handle) => handle(view, from, to, text, insert));
    if (!isHandled) view.dispatch(insert());
    return true;
  },
});
