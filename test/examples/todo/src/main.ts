/** The page's entry: opens the database, and ties the list to it. */

import { ResqliteError } from 'resqlite';
import { showCluster } from './cluster-panel.ts';
import { describeFailure } from './cluster.ts';
import { openDatabase } from './database.ts';
import { byId } from './parts.ts';
import { TodoList } from './todo-list.ts';
import { Todos, type Todo } from './todos.ts';

type Filter = 'all' | 'open' | 'done';

/** What is done before that is not worth a word. */
const SLOW_MS = 500;

const outcome = byId('outcome');
const filters = [...document.querySelectorAll<HTMLButtonElement>('[data-filter]')];
const clear = byId<HTMLButtonElement>('clear');
let all: readonly Todo[] = [];
let filter: Filter = 'all';

/** Says what came of it where it fails, and answers whether it has not. */
async function save(work: () => Promise<void>): Promise<boolean> {
  outcome.textContent = '';
  const slow = setTimeout(() => (outcome.textContent = 'Saving…'), SLOW_MS);
  try {
    await work();
    clearTimeout(slow);
    outcome.textContent = '';
    return true;
  } catch (error) {
    if (!(error instanceof ResqliteError)) throw error;
    clearTimeout(slow);
    outcome.textContent = describeFailure(error);
    return false;
  }
}

function start(todos: Todos): void {
  const list = new TodoList(byId('todos'), byId<HTMLTemplateElement>('todo'), {
    tick: ({ id }, done) => save(() => todos.tick(id, done)),
    rename: ({ id }, title) => save(() => todos.rename(id, title)),
    remove: ({ id }) => save(() => todos.remove(id)),
  });

  const show = (): void => {
    const left = all.filter(({ done }) => done === 0).length;
    const shown = all.filter(
      ({ done }) => filter === 'all' || (filter === 'done') === (done === 1),
    );
    list.show(shown);
    byId('empty').textContent = shown.length > 0 ? '' : emptyWords[filter];
    byId('left').textContent = `${left} left`;
    clear.disabled = left === all.length;
    for (const button of filters) button.ariaPressed = String(button.dataset['filter'] === filter);
  };

  for (const button of filters) {
    button.addEventListener('click', () => {
      filter = button.dataset['filter'] as Filter;
      show();
    });
  }
  clear.addEventListener('click', () => void save(() => todos.removeDone()));
  byId('add').addEventListener('submit', async (event) => {
    event.preventDefault();
    const field = byId<HTMLInputElement>('title');
    const title = field.value.trim();
    if (title !== '' && (await save(() => todos.add(title)))) field.value = '';
  });
  todos.watch(
    (rows) => {
      all = rows;
      show();
    },
    ({ message }) => (outcome.textContent = `The list cannot be read: ${message}.`),
  );
}

const emptyWords: Readonly<Record<Filter, string>> = {
  all: 'Nothing is on the list.',
  open: 'Everything is done.',
  done: 'Nothing is done yet.',
};

// An invite that is put into the address bar of the open page; a page that the browser had put aside.
addEventListener('hashchange', () => location.reload());
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload();
});

try {
  const database = await openDatabase(() => {
    outcome.textContent = 'Another tab runs a newer version of this page: reload this one.';
  });
  showCluster(database, save);
  start(new Todos(database));
} catch (error) {
  byId('badge').textContent = 'Not open';
  byId('badge').dataset['tone'] = 'bad';
  byId('notice').textContent = error instanceof Error ? error.message : String(error);
}
