/**
 * The titles of the tests in a file, by its text, since it is not known otherwise what a file that is not
 * run has. Those of `test.each` and template literals are templates. Pure.
 */

export interface TestTitle {
  /** As it stands in the file; what a template literal puts in is `%s`. */
  readonly title: string;
  /** It is not run, or not always. */
  readonly isSkipped: boolean;
}

const CALL = /^[ \t]*(?:test|it)(?<modifiers>(?:\.\w+)*)/gm;
/** These take something else first, and the title in a second call. */
const TAKES_TWO = /\.(?:each|for|skipIf|runIf)$/;
const NOT_ALWAYS = /\.(?:skip|todo|only|fails|skipIf|runIf)\b/;
const STRING =
  /\s*(?:'(?<single>(?:\\.|[^'\\])*)'|"(?<double>(?:\\.|[^"\\])*)"|`(?<template>(?:\\.|[^`\\])*)`)/y;
const WILDCARD = /%[sdifjoO#$]|\\\$[\w.]+/g;

export function titlesIn(source: string): TestTitle[] {
  const titles: TestTitle[] = [];
  for (const { groups = {}, index, 0: call } of source.matchAll(CALL)) {
    const { modifiers = '' } = groups;
    let at = source.indexOf('(', index + call.length);
    if (at === -1) continue;
    if (TAKES_TWO.test(modifiers)) at = source.indexOf('(', closingOf(source, at));
    const title = stringsAt(source, at + 1);
    if (title !== null) titles.push({ title, isSkipped: NOT_ALWAYS.test(modifiers) });
  }
  return titles;
}

/** Of the template, what each of its wildcards stands for in `text`; null: it does not fit. */
export function matchTitle(template: string, text: string): readonly string[] | null {
  if (template === text) return [];
  const escaped = template.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  if (!WILDCARD.test(escaped)) return null;
  const match = new RegExp(`^${escaped.replace(WILDCARD, '(.+)')}$`, 's').exec(text);
  return match === null ? null : match.slice(1);
}

/** Where the parenthesis that opens at `from` is closed; texts within count as texts. */
function closingOf(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length; at += 1) {
    const char = source.charAt(at);
    if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (char === '/' && source.charAt(at + 1) === '/') at = lineEnd(source, at);
    else at = behindString(source, at) - 1;
    if (depth === 0) return at;
  }
  return source.length;
}

function lineEnd(source: string, at: number): number {
  const end = source.indexOf('\n', at);
  return end === -1 ? source.length : end;
}

/** `at + 1` where no text begins there. */
function behindString(source: string, at: number): number {
  if (!/['"`]/.test(source.charAt(at))) return at + 1;
  STRING.lastIndex = at;
  return STRING.test(source) ? STRING.lastIndex : at + 1;
}

/** One text, or several that are joined by `+`; null: there is something else. */
function stringsAt(source: string, from: number): string | null {
  let title = '';
  for (let at = from; ;) {
    STRING.lastIndex = at;
    const { groups } = STRING.exec(source) ?? {};
    if (groups === undefined) return null;
    const { single, double, template } = groups;
    title += (single ?? double ?? template?.replace(/\$\{[^}]*\}/g, '%s') ?? '').replace(
      /\\(.)/g,
      '$1',
    );
    const more = /\s*\+/y;
    more.lastIndex = STRING.lastIndex;
    if (!more.test(source)) return title;
    at = more.lastIndex;
  }
}
