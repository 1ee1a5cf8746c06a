/** The list as it is shown. An element stays as long as its to-do does, and so does the keyboard's place. */

import type { Todo } from './todos.ts';

/** Each answers whether it was done. */
export interface TodoActs {
  readonly tick: (todo: Todo, done: boolean) => Promise<boolean>;
  readonly rename: (todo: Todo, title: string) => Promise<boolean>;
  readonly remove: (todo: Todo) => Promise<boolean>;
}

interface Item {
  readonly element: HTMLElement;
  readonly show: (todo: Todo) => void;
}

export class TodoList {
  readonly #place: HTMLElement;
  readonly #template: HTMLTemplateElement;
  readonly #acts: TodoActs;
  readonly #items = new Map<number, Item>();

  constructor(place: HTMLElement, template: HTMLTemplateElement, acts: TodoActs) {
    this.#place = place;
    this.#template = template;
    this.#acts = acts;
  }

  show(todos: readonly Todo[]): void {
    const ids = new Set(todos.map(({ id }) => id));
    for (const [id, { element }] of this.#items) {
      if (ids.has(id)) continue;
      this.#leave(element);
      this.#items.delete(id);
    }
    for (const [at, todo] of todos.entries()) {
      const item = this.#items.get(todo.id) ?? this.#item(todo);
      this.#items.set(todo.id, item);
      item.show(todo);
      const there = this.#place.children[at] ?? null;
      if (there !== item.element) this.#place.insertBefore(item.element, there);
    }
  }

  /** The keyboard's place goes to the neighbour. */
  #leave(element: HTMLElement): void {
    const neighbour = element.nextElementSibling ?? element.previousElementSibling;
    const isFocused = element.contains(document.activeElement);
    element.remove();
    if (isFocused) neighbour?.querySelector('input')?.focus();
  }

  #item(first: Todo): Item {
    const content = this.#template.content.cloneNode(true) as DocumentFragment;
    const element = find<HTMLElement>(content, 'li');
    const box = find<HTMLInputElement>(content, 'input');
    const title = find<HTMLElement>(content, '.title');
    const edit = find<HTMLButtonElement>(content, '.edit');
    const remove = find<HTMLButtonElement>(content, '.delete');
    let todo = first;
    const show = (next: Todo): void => {
      todo = next;
      box.checked = todo.done === 1;
      title.textContent = todo.title;
      edit.ariaLabel = `Edit ${todo.title}`;
      remove.ariaLabel = `Delete ${todo.title}`;
    };
    box.addEventListener('change', async () => {
      if (!(await this.#acts.tick(todo, box.checked))) show(todo);
    });
    remove.addEventListener('click', () => void this.#acts.remove(todo));
    edit.addEventListener('click', () => this.#edit(element, todo, edit));
    return { element, show };
  }

  /** A field takes the to-do's place: Enter saves, Escape does not. */
  #edit(element: HTMLElement, todo: Todo, button: HTMLButtonElement): void {
    const form = document.createElement('form');
    const field = document.createElement('input');
    Object.assign(field, { value: todo.title, maxLength: 500, ariaLabel: 'To-do' });
    const save = document.createElement('button');
    save.textContent = 'Save';
    form.append(field, save);
    const end = (): void => {
      if (!form.isConnected) return;
      form.remove();
      element.classList.remove('editing');
      button.focus();
    };
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      if (field.readOnly) return;
      const title = field.value.trim();
      const isAsBefore = title === '' || title === todo.title;
      field.readOnly = true;
      if (isAsBefore || (await this.#acts.rename(todo, title))) end();
      field.readOnly = false;
    });
    form.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') end();
    });
    element.classList.add('editing');
    element.append(form);
    field.select();
  }
}

function find<E extends Element>(within: ParentNode, selector: string): E {
  const element = within.querySelector<E>(selector);
  if (element === null) throw new Error(`the page has no ${selector}`);
  return element;
}
