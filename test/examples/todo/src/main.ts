/** The page's entry: opens the database, shows what becomes of it, and ties the list to it. */

import { showCluster } from './cluster-panel.ts';
import { makeTables, openDatabase } from './database.ts';
import { declineInvite, hideInvite, invite, isNews } from './invite.ts';
import { showOutcome } from './outcome-panel.ts';
import { byId } from './parts.ts';
import { Saving } from './saving.ts';
import { TodoList } from './todo-list.ts';
import { Todos, type Todo } from './todos.ts';

type Filter = 'all' | 'open' | 'done';

const filters = [...document.querySelectorAll<HTMLButtonElement>('[data-filter]')];
const clear = byId<HTMLButtonElement>('clear');
const form = byId('add');
const warning = byId('warning');
const { save, dismiss } = new Saving(showOutcome);
let all: readonly Todo[] = [];
let filter: Filter = 'all';

function start(todos: Todos): void {
  const list = new TodoList(byId('todos'), byId<HTMLTemplateElement>('todo'), {
    tick: ({ id, title }, done) => save(`"${title}"`, () => todos.tick(id, done)),
    rename: ({ id }, title) => save(`"${title}"`, () => todos.rename(id, title)),
    remove: ({ id, title }) => save(`that "${title}" goes`, () => todos.remove(id)),
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
  clear.addEventListener('click', () => void save('that done ones go', () => todos.removeDone()));
  byId('dismiss').addEventListener('click', dismiss);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const field = byId<HTMLInputElement>('title');
    const title = field.value.trim();
    if (title === '') return;
    // The field is free for the next one at once.
    field.value = '';
    const isSaved = await save(`"${title}"`, () => todos.add(title));
    if (!isSaved && field.value === '') field.value = title;
  });
  todos.watch(
    (rows) => {
      all = rows;
      show();
    },
    ({ message }) => (warning.textContent = `The list cannot be read: ${message}.`),
  );
  for (const part of [form, byId('list')]) part.hidden = false;
}

const emptyWords: Readonly<Record<Filter, string>> = {
  all: 'Nothing is on the list.',
  open: 'Everything is done.',
  done: 'Nothing is done yet.',
};

/** What to open: who was invited to a list that is news to this browser is asked. */
async function chooseCluster(): Promise<string | null> {
  if (!(await isNews(invite)) || (await isAgreed())) return invite;
  declineInvite();
  return null;
}

function isAgreed(): Promise<boolean> {
  byId('badge').textContent = 'Invited';
  const question = byId('question');
  question.hidden = false;
  return new Promise((resolve) => {
    const answer = (isYes: boolean): void => {
      byId('badge').textContent = 'Opening…';
      question.hidden = true;
      resolve(isYes);
    };
    byId('join').addEventListener('click', () => answer(true));
    byId('decline').addEventListener('click', () => answer(false));
  });
}

function showEnd(error: unknown): void {
  byId('badge').textContent = 'Not open';
  byId('badge').dataset['tone'] = 'bad';
  byId('notice').textContent = error instanceof Error ? error.message : String(error);
}

// An invite that is put into the address bar of the open page; a page that the browser had put aside.
addEventListener('hashchange', () => location.reload());
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload();
});

let endPanel = (): void => undefined;
try {
  const cluster = await chooseCluster();
  const database = await openDatabase(cluster);
  if (cluster !== null) hideInvite(database.clusterId);
  // Before the tables are there: it tells what they wait for.
  endPanel = showCluster(database, save);
  await makeTables(database, () => {
    warning.textContent = 'Another tab runs a newer version of this page: reload this one.';
  });
  start(new Todos(database));
} catch (error) {
  endPanel();
  showEnd(error);
}
