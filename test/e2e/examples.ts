/**
 * The examples of the library's documentation, where they are: behind `@example` at what the package's
 * entries export, and in README below "The library". For their form see ARCHITECTURE.md.
 */

import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

import {
  DeclarationReflection,
  ReflectionKind,
  ReflectionType,
  SignatureReflection,
  type Comment,
  type ProjectReflection,
  type Reflection,
} from 'typedoc';

import { ROOT } from './server.ts';

export interface Example {
  /** The public name that it stands at, or README's heading. */
  readonly name: string;
  /** Relative to the project. */
  readonly source: string;
  /** Of its first line in the source, counted from 1. */
  readonly line: number;
  readonly language: string;
  /** Behind the fence's language. */
  readonly words: string;
  readonly code: string;
}

const FENCE = /^```(?<language>\w+) *(?<words>[^\n]*)\n(?<code>[\s\S]*?)^```$/gm;
const LANGUAGES: ReadonlySet<string> = new Set(['js', 'ts', 'tsx']);
const HEADING = '## The library';
/** Names of types that callers make, or that others make for them. */
const HANDED_OVER = /Options$|^KyselyQuery$/;

/** What a public name's own comments are, and where. */
interface Commented {
  readonly reflection: DeclarationReflection | SignatureReflection;
  readonly comment: Comment;
}

function* commented(project: ProjectReflection): Generator<Commented> {
  for (const reflection of Object.values(project.reflections)) {
    if (
      !(reflection instanceof DeclarationReflection || reflection instanceof SignatureReflection)
    ) {
      continue;
    }
    const { comment } = reflection;
    if (comment !== undefined && !isInherited(reflection)) yield { reflection, comment };
  }
}

function isInherited(reflection: DeclarationReflection | SignatureReflection): boolean {
  return reflection.inheritedFrom !== undefined;
}

export function examplesOf(project: ProjectReflection): Example[] {
  const found: Example[] = [];
  for (const { reflection, comment } of commented(project)) {
    const text = comment.getTags('@example').map(({ content }) => content);
    for (const example of text) {
      const markdown = example.map((part) => part.text).join('');
      const [place] = reflection.sources ?? [];
      if (place === undefined) throw new Error(`${reflection.name} is nowhere`);
      const source = relative(ROOT, place.fullFileName);
      for (const { groups } of markdown.matchAll(FENCE)) {
        const { language = '', words = '', code = '' } = groups ?? {};
        const name = nameOf(reflection);
        const line = lineOf(source, code, place.line);
        found.push({ name, source, line, language, words, code });
      }
    }
  }
  return found;
}

function nameOf(reflection: DeclarationReflection | SignatureReflection): string {
  return (reflection instanceof SignatureReflection ? reflection.parent : reflection).getFullName();
}

/** Of what is in a comment, the nearest one in front of the line `before`. */
function lineOf(source: string, code: string, before: number): number {
  const wanted = code.trimEnd().split('\n');
  const lines = readFileSync(source, 'utf8')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''));
  for (let at = before - 1; at >= 0; at -= 1) {
    if (wanted.every((line, further) => lines[at + further] === line)) return at + 1;
  }
  throw new Error(`the example is not in ${source}: ${code}`);
}

/** Of README's part about the library. */
export function readmeExamples(): Example[] {
  const readme = readFileSync('README.md', 'utf8');
  const start = readme.indexOf(`\n${HEADING}\n`);
  if (start === -1) return [];
  const end = readme.indexOf('\n## ', start + HEADING.length);
  const part = readme.slice(0, end === -1 ? undefined : end);
  const found: Example[] = [];
  for (const { index, groups } of part.matchAll(FENCE)) {
    const { language = '', words = '', code = '' } = groups ?? {};
    if (index < start || !LANGUAGES.has(language)) continue;
    const line = part.slice(0, index).split('\n').length + 1;
    found.push({ name: `README ${line}`, source: 'README.md', line, language, words, code });
  }
  return found;
}

/** What users call: it needs an example of its own. */
export function callablesWithout(project: ProjectReflection): string[] {
  const kinds = ReflectionKind.Function | ReflectionKind.Method | ReflectionKind.Class;
  const functions = project.getReflectionsByKind(kinds);
  const values = project.getReflectionsByKind(ReflectionKind.Property | ReflectionKind.Variable);
  return [...functions, ...values.filter(holdsFunction)]
    .filter((reflection) => reflection instanceof DeclarationReflection)
    .filter((reflection) => isPublic(reflection) && !isInherited(reflection))
    .filter((reflection) => !hasExample(reflection))
    .map((reflection) => reflection.getFullName());
}

/** Types that nobody shows. */
export function typesWithout(project: ProjectReflection, examples: readonly Example[]): string[] {
  const imported = new Set(examples.flatMap(({ code }) => importedNames(code)));
  const kinds = ReflectionKind.Interface | ReflectionKind.TypeAlias;
  return project
    .getReflectionsByKind(kinds)
    .filter((reflection) => reflection instanceof DeclarationReflection)
    .filter(({ name }) => !imported.has(name))
    .filter((type) => !hasExample(type) && !(type.children ?? []).some(hasExample))
    .map((type) => type.getFullName());
}

function importedNames(code: string): string[] {
  const lists = [...code.matchAll(/^import (?:type )?\{(?<names>[^}]*)\}/gm)];
  return lists.flatMap(({ groups }) =>
    (groups?.['names'] ?? '').split(',').map((name) => name.replace(/\btype\b/, '').trim()),
  );
}

/** Of a public type: what is inside of one is called by whoever it is handed to. */
function holdsFunction(reflection: Reflection): boolean {
  const { parent } = reflection;
  if (!(reflection instanceof DeclarationReflection) || parent === undefined) return false;
  if (!parent.kindOf([ReflectionKind.Interface, ReflectionKind.Class, ReflectionKind.Module])) {
    return false;
  }
  const { type } = reflection;
  return type instanceof ReflectionType && type.declaration.signatures !== undefined;
}

/** What callers hand over, options' callbacks among it, they do not call. */
function isPublic({ flags, parent }: DeclarationReflection): boolean {
  return !flags.isOptional && !HANDED_OVER.test(parent?.name ?? '');
}

function hasExample(reflection: DeclarationReflection): boolean {
  const comments = [reflection, ...(reflection.signatures ?? [])].map(({ comment }) => comment);
  return comments.some((comment) => comment?.getTag('@example') !== undefined);
}
