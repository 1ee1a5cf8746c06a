/**
 * Leaves out of sqlite-wasm's JavaScript what this project has no use for: a vite plugin. The package
 * puts its parts into one file, each as a function in a list that is run when the module is there, so
 * no bundler can tell which of them are needed. Here they are found by what they define, and blanked:
 * lines and columns stay, and so does everything that is left.
 *
 * The build fails where the package does not have each part exactly once, which is when somebody has to
 * look at what a new version is made of. Node runs another file of the package, whole.
 */

import { parseAst, type Plugin } from 'vite';

/** As a bundler's `new URL(…)` leaves it. */
const PACKAGE_FILE = /[/\\]@sqlite\.org[/\\]sqlite-wasm[/\\]dist[/\\]index\.mjs(?:\?|$)/;
const PART = /^\s*globalThis\.sqlite3ApiBootstrap\.initializers\.push\(/;

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

interface Span {
  readonly start: number;
  readonly end: number;
}

interface SyntaxNode extends Span {
  readonly type: string;
}

export function leanSqlite(): Plugin {
  return {
    name: 'resqlite:lean-sqlite',
    enforce: 'pre',
    transform: (code, id) =>
      PACKAGE_FILE.test(id) ? { code: withoutUnusedParts(code), map: null } : null,
  };
}

/** Throws where the package is another one than is known here. */
export function withoutUnusedParts(code: string): string {
  const program = parseAst(code) as unknown as { readonly body: readonly SyntaxNode[] };
  const parts: Span[] = [];
  findParts(code, program.body, parts);
  const unused = Object.entries(UNUSED_PARTS).map(([part, mark]) => {
    const [found, ...more] = parts.filter((span) => textOf(code, span).includes(mark));
    if (found === undefined || more.length > 0) {
      throw new Error(`sqlite-wasm has ${part} ${found === undefined ? 'no more' : 'twice'}.`);
    }
    return found;
  });
  const promiser = program.body.filter((statement) => PROMISER.test(textOf(code, statement)));
  return [...unused, ...promiser.map((statement) => promiserIn(code, statement))].reduce(
    blank,
    code,
  );
}

/** The statements that put a part into the list; they stand in functions. */
function findParts(code: string, node: unknown, found: Span[]): void {
  if (Array.isArray(node)) {
    for (const one of node) findParts(code, one, found);
  } else if (isNode(node)) {
    if (node.type === 'ExpressionStatement' && PART.test(textOf(code, node))) found.push(node);
    else findParts(code, Object.values(node), found);
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

function blank(code: string, span: Span): string {
  const blanked = textOf(code, span).replaceAll(/[^\n]/g, ' ');
  return code.slice(0, span.start) + blanked + code.slice(span.end);
}
