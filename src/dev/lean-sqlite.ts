/**
 * Leaves out of sqlite-wasm's JavaScript what this project has no use for: a vite plugin. The package
 * puts its parts into one file, each as a function in a list that is run when the module is there, so
 * no bundler can tell which of them are needed. Here they are found by what they define, and blanked:
 * lines stay, and so does everything that is left.
 *
 * With them goes the file system in memory that stands behind SQLite's default one: databases are in
 * OPFS or have no file. Whoever opened a file by mistake is told that there is no such system call,
 * and does not get one that is gone with the worker.
 *
 * The build fails where the package does not have each part exactly once, which is when somebody has to
 * look at what a new version is made of. Node runs another file of the package, whole.
 */

import { parseAst, type Plugin } from 'vite';

/** As a bundler's `new URL(…)` leaves it. */
const PACKAGE_FILE = /[/\\]@sqlite\.org[/\\]sqlite-wasm[/\\]dist[/\\]index\.mjs(?:\?|$)/;
const PART = /^\s*globalThis\.sqlite3ApiBootstrap\.initializers\.push\(/;

/**
 * The benchmark's workers compare with the package as it comes, and simulated machines have their disks in
 * memory.
 */
const WHOLE_FOR = /[/\\]src[/\\](?:bench[/\\]|lab-worker\.ts)/;

/** What each part that is left out defines or says. */
const UNUSED_PARTS: Readonly<Record<string, string>> = {
  'the object-oriented API': 'sqlite3.oo1 = {',
  'the worker API': 'sqlite3.initWorker1API = ',
  'virtual tables in JavaScript': 'sqlite3.vtab = ',
  'databases in localStorage': 'sqlite3.kvvfs = ',
  'what the next two share': 'sqlite3.opfs = ',
  'OPFS through another worker': 'const installOpfsVfs = ',
  'the same with Web Locks': 'const vfsName = "opfs-wl"',
};

/** The other half of the worker API, beside the module. */
const PROMISER = /sqlite3(?:_w|W)orker1_?[pP]romiser/;

/** System calls on files answer with the number of "not implemented", as each of the two kinds does. */
const SYSTEM_CALLS: readonly { readonly name: RegExp; readonly body: string }[] = [
  { name: /^(?:___syscall_\w+|__mmap_js|__munmap_js)$/, body: '{return -52}' },
  { name: /^_fd_\w+$/, body: '{return 52}' },
];
/** What stands behind them. */
const FILE_SYSTEM = ['PATH', 'PATH_FS', 'TTY', 'MEMFS', 'FS', 'SYSCALLS'];
/** Sets it up, as statements of their own. */
const FILE_SYSTEM_SETUP =
  /^(?:FS\.(?:staticInit|init)\(|FS\.\w+ = |TTY\.init\(|if \(!Module\["noFSInit"\])/;

interface Span {
  readonly start: number;
  readonly end: number;
}

interface SyntaxNode extends Span {
  readonly type: string;
  readonly id?: { readonly name?: string } | null;
  readonly init?: SyntaxNode | null;
  readonly body?: SyntaxNode | readonly SyntaxNode[];
}

/** Something else in a part's place; blanks where it is shorter. */
interface Change extends Span {
  readonly text: string;
}

export function leanSqlite(): Plugin {
  let isWhole = false;
  return {
    name: 'resqlite:lean-sqlite',
    enforce: 'pre',
    // Every worker is a build of its own.
    buildStart: ({ input }) => {
      isWhole = Object.values(input ?? {}).some((entry) => WHOLE_FOR.test(entry));
    },
    transform: (code, id) =>
      !isWhole && PACKAGE_FILE.test(id) ? { code: withoutUnusedParts(code), map: null } : null,
  };
}

/** Throws where the package is another one than is known here. */
export function withoutUnusedParts(code: string): string {
  const program = parseAst(code) as unknown as { readonly body: readonly SyntaxNode[] };
  const parts: Span[] = [];
  visit(program.body, (node) => {
    if (node.type !== 'ExpressionStatement' || !PART.test(textOf(code, node))) return false;
    parts.push(node);
    return true;
  });
  const unused = Object.entries(UNUSED_PARTS).map(([part, mark]) => {
    const [found, ...more] = parts.filter((span) => textOf(code, span).includes(mark));
    if (found === undefined || more.length > 0) {
      throw new Error(`sqlite-wasm has ${part} ${found === undefined ? 'no more' : 'twice'}.`);
    }
    return found;
  });
  const promiser = program.body.filter((statement) => PROMISER.test(textOf(code, statement)));
  const blanked = [...unused, ...promiser.map((statement) => promiserIn(code, statement))];
  return [
    ...blanked.map((span) => ({ ...span, text: '' })),
    ...fileSystemIn(code, program.body),
  ].reduce(change, code);
}

/** Throws where there is not all of it. */
function fileSystemIn(code: string, program: readonly SyntaxNode[]): Change[] {
  const changes: Change[] = [];
  const variables: string[] = [];
  visit(program, (node) => {
    const name = node.id?.name ?? '';
    const call = SYSTEM_CALLS.find((kind) => kind.name.test(name));
    if (node.type === 'FunctionDeclaration' && call !== undefined && isNode(node.body)) {
      changes.push({ ...spanOf(node.body), text: call.body });
      return true;
    }
    if (node.type === 'VariableDeclarator' && FILE_SYSTEM.includes(name) && isNode(node.init)) {
      variables.push(name);
      changes.push({ ...spanOf(node.init), text: '0' });
      return true;
    }
    if (!node.type.endsWith('Statement') || !FILE_SYSTEM_SETUP.test(textOf(code, node))) {
      return false;
    }
    changes.push({ ...spanOf(node), text: '' });
    return true;
  });
  if (variables.toSorted().join() !== FILE_SYSTEM.toSorted().join()) {
    throw new Error(`sqlite-wasm keeps files in memory by ${variables.join(', ')} only.`);
  }
  return changes;
}

/** Goes through all nodes but those below one that `take` takes. */
function visit(node: unknown, take: (node: SyntaxNode) => boolean): void {
  if (Array.isArray(node)) {
    for (const one of node) visit(one, take);
  } else if (isNode(node) && !take(node)) {
    visit(Object.values(node), take);
  }
}

/** The statement, or what an export names beside the module itself. */
function promiserIn(code: string, statement: SyntaxNode): Span {
  if (statement.type !== 'ExportNamedDeclaration') return statement;
  const named = textOf(code, statement);
  const from = named.indexOf(',');
  const to = named.indexOf('}');
  if (from === -1 || !named.slice(0, from).includes('as default')) {
    throw new Error('sqlite-wasm exports its module in another way.');
  }
  return { start: statement.start + from, end: statement.start + to };
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function textOf(code: string, { start, end }: Span): string {
  return code.slice(start, end);
}

function spanOf({ start, end }: Span): Span {
  return { start, end };
}

/** As long as before, so that all other spans are where they were. */
function change(code: string, { start, end, text }: Change): string {
  let room = text.length;
  const blanked = code.slice(start, end).replaceAll(/[^\n]/g, () => {
    room -= 1;
    return room < 0 ? ' ' : '';
  });
  return code.slice(0, start) + text + blanked + code.slice(end);
}
