/**
 * An example as it is run: where a comment says what has to come out, there is a call that looks whether it
 * does. Lines stay where they are.
 */

import ts from 'typescript';

import type { Example } from './examples.ts';

/** What calls of `tracked.js` in the program do. */
const CALLS = { '=>': 'expectNow', 'soon =>': 'expectSoon', throws: 'expectThrown' } as const;
type Sign = keyof typeof CALLS;

const EXPECTATION = /^\/\/ (?<sign>=>|soon =>|throws) (?<rest>.*)$/;
const TRACKED = '../tracked.js';

interface Expectation {
  readonly sign: Sign;
  readonly value: string;
  /** Where its last comment ends. */
  readonly end: number;
}

/** Throws where an expectation belongs to nothing. */
export function runnableCode(example: Example): string {
  const { code, language } = example;
  const kind = language === 'tsx' ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const file = ts.createSourceFile(`example.${language}`, code, ts.ScriptTarget.ES2023, true, kind);
  const edits: { readonly from: number; readonly to: number; readonly text: string }[] = [];
  const visit = (node: ts.Node, isAsync: boolean): void => {
    const inAsync = ts.isFunctionLike(node) ? isAsyncFunction(node) : isAsync;
    if (ts.isExpressionStatement(node)) {
      const expected = expectationBehind(code, node.end);
      if (expected !== null) {
        if (!isAsync) throw new Error('an expectation stands in a function that is not async');
        const from = node.getStart(file);
        const line = file.getLineAndCharacterOfPosition(from).line + example.line;
        const text = node.expression.getText(file);
        edits.push({ from, to: expected.end, text: callOf(expected, line, text, code, from) });
        return;
      }
    }
    ts.forEachChild(node, (child) => visit(child, inAsync));
  };
  visit(file, true);
  const signs = code.split('\n').filter((line) => /\/\/ (?:=>|soon =>|throws )/.test(line)).length;
  if (signs !== edits.length) {
    throw new Error(`${signs} expectations, of which ${edits.length} stand behind an expression`);
  }
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const { moduleSpecifier } = statement;
    if (ts.isStringLiteral(moduleSpecifier) && moduleSpecifier.text === 'resqlite') {
      const { end } = moduleSpecifier;
      edits.push({ from: moduleSpecifier.getStart(file), to: end, text: `'${TRACKED}'` });
    }
  }
  let edited = code;
  for (const { from, to, text } of edits.toSorted((one, other) => other.from - one.from)) {
    edited = edited.slice(0, from) + text + edited.slice(to);
  }
  const names = Object.values(CALLS).join(', ');
  return `${pragmaOf(code)}import { ${names} } from '${TRACKED}'; ${edited}`;
}

/** In front of the first line. */
export function pragmaOf(code: string): string {
  return /from 'preact/.test(code) ? '/** @jsxImportSource preact */ ' : '';
}

function callOf(
  { sign, value, end }: Expectation,
  line: number,
  expression: string,
  code: string,
  from: number,
): string {
  const lines = code.slice(from, end).split('\n').length - expression.split('\n').length;
  const expected = sign === 'throws' ? value : `() => (${value})`;
  const call = `await ${CALLS[sign]}(${line}, async () => (${expression}), ${expected});`;
  return call + '\n'.repeat(lines);
}

function isAsyncFunction(node: ts.SignatureDeclaration): boolean {
  return (
    ts.canHaveModifiers(node) &&
    ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) === true
  );
}

function expectationBehind(code: string, statementEnd: number): Expectation | null {
  const lineEnd = endOfLine(code, statementEnd);
  const sameLine = code.slice(statementEnd, lineEnd).trim();
  const comments: string[] = [];
  let end = lineEnd;
  if (sameLine.startsWith('//')) comments.push(sameLine);
  else if (sameLine !== '') return null;
  for (;;) {
    const next = endOfLine(code, end + 1);
    const text = code.slice(end + 1, next).trim();
    if (end >= code.length || !text.startsWith('//')) break;
    comments.push(text);
    end = next;
  }
  const [first = '', ...others] = comments;
  const { sign, rest = '' } = EXPECTATION.exec(first)?.groups ?? {};
  if (sign === undefined) return null;
  const value = [rest, ...others.map((text) => text.slice(2))].join(' ').trim();
  return { sign: sign as Sign, value, end };
}

function endOfLine(code: string, from: number): number {
  const end = code.indexOf('\n', from);
  return end === -1 ? code.length : end;
}
