/** One to-do: ticked, edited (Enter saves, Escape does not) or deleted. */

import type { Kysely } from 'kysely';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { flushSync } from 'react-dom';
import type { Save } from './saving.ts';
import type { Schema, Todo } from './schema.ts';

interface TodoItemProps {
  readonly todo: Todo;
  readonly kysely: Kysely<Schema>;
  readonly save: Save;
}

export function TodoItem({ todo, kysely, save }: TodoItemProps) {
  const { id, title, done } = todo;
  const [draft, setDraft] = useState<string | null>(null);
  /** While the list does not say so yet. */
  const [ticked, setTicked] = useState<boolean | null>(null);
  const [isRenaming, setIsRenaming] = useState(false);
  const edit = useRef<HTMLButtonElement>(null);

  const change = (values: Partial<Pick<Todo, 'title' | 'done'>>): Promise<boolean> =>
    save(`"${values.title ?? title}"`, () =>
      kysely.updateTable('todo').set(values).where('id', '=', id).execute(),
    );
  const remove = (): Promise<boolean> =>
    save(`that "${title}" goes`, () => kysely.deleteFrom('todo').where('id', '=', id).execute());

  const tick = async (isDone: boolean): Promise<void> => {
    setTicked(isDone);
    if (!(await change({ done: isDone ? 1 : 0 }))) setTicked(null);
  };
  // What the list says by now is what counts.
  useEffect(() => setTicked(null), [todo]);
  const end = (): void => {
    // The button is there again before it is given the keyboard's place.
    flushSync(() => setDraft(null));
    edit.current?.focus();
  };
  const rename = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (isRenaming) return;
    const text = draft?.trim() ?? '';
    setIsRenaming(true);
    if (text === '' || text === title || (await change({ title: text }))) end();
    setIsRenaming(false);
  };

  return (
    <li ref={handFocusOn} className={draft === null ? undefined : 'editing'}>
      <label>
        <input
          type="checkbox"
          checked={ticked ?? done === 1}
          onChange={({ target }) => void tick(target.checked)}
        />
        <span className="title">{title}</span>
      </label>
      <button
        ref={edit}
        className="quiet"
        type="button"
        aria-label={`Edit ${title}`}
        onClick={() => setDraft(title)}
      >
        Edit
      </button>
      <button
        className="quiet"
        type="button"
        aria-label={`Delete ${title}`}
        onClick={() => void remove()}
      >
        Delete
      </button>
      {draft !== null && (
        <form onSubmit={rename} onKeyDown={({ key }) => key === 'Escape' && !isRenaming && end()}>
          <input
            type="text"
            aria-label="To-do"
            maxLength={500}
            value={draft}
            readOnly={isRenaming}
            autoFocus
            onFocus={({ target }) => target.select()}
            onChange={({ target }) => setDraft(target.value)}
          />
          <button type="submit">Save</button>
        </form>
      )}
    </li>
  );
}

/** The keyboard's place goes to the neighbour of an element that goes. */
function handFocusOn(element: HTMLElement | null): () => void {
  return () => {
    if (!element?.contains(document.activeElement)) return;
    const neighbour = element.nextElementSibling ?? element.previousElementSibling;
    neighbour?.querySelector('input')?.focus();
  };
}
