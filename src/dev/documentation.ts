/**
 * What the package's entries say of themselves, read by typedoc from the sources: their public names with
 * their comments. Entries have the names by which they are imported; members of `Database` are ordered by
 * the topics of the interfaces that it is put together of.
 */

import { existsSync, readFileSync } from 'node:fs';

import {
  Application,
  Comment,
  Converter,
  DeclarationReflection,
  LogLevel,
  ReferenceType,
  ReflectionKind,
  type CommentTag,
  type Context,
  type ProjectReflection,
  type Reflection,
} from 'typedoc';
import ts from 'typescript';

import { ENTRIES } from './library/contents.ts';

/** `typedoc` and its messages: none may be left. */
export interface Documentation {
  readonly application: Application;
  readonly project: ProjectReflection;
  readonly warnings: readonly string[];
}

const CATEGORIES = [
  'Opening',
  'Writes',
  'Reads',
  'Values',
  'Files',
  'Outbox',
  'Membership',
  'Browser profile',
  'Monitoring',
  'Errors',
  '*',
];

/** Sources by the names by which their entries are imported. */
function entries(): ReadonlyMap<string, string> {
  const named = Object.entries(ENTRIES).map(([name, file]): [string, string] => {
    const source = ['ts', 'tsx'].map((ending) => `src/${file}.${ending}`).find(existsSync);
    if (source === undefined) throw new Error(`there is no ${file}`);
    return [name === 'resqlite' ? name : `resqlite/${name}`, source];
  });
  return new Map(named);
}

/** Reads the sources; what they lack, and what cannot be linked, is in `warnings`. */
export async function readDocumentation(): Promise<Documentation> {
  const sources = entries();
  const application = await Application.bootstrap({
    entryPoints: [...sources.values()],
    alwaysCreateEntryPointModule: true,
    name: 'ReSqlite',
    readme: 'none',
    disableGit: true,
    sourceLinkTemplate: '{path}',
    excludePrivate: true,
    logLevel: LogLevel.Warn,
    // `tsc -b` has checked them.
    skipErrorChecking: true,
    treatWarningsAsErrors: true,
    validation: { notExported: true, notDocumented: true, invalidLink: true, invalidPath: true },
    requiredToBeDocumented: [
      'Class',
      'Function',
      'Interface',
      'Method',
      'Property',
      'TypeAlias',
      'Variable',
    ],
    categorizeByGroup: false,
    categoryOrder: CATEGORIES,
    navigation: { includeCategories: true, includeGroups: false },
  });
  application.options.setCompilerOptions([...sources.values()], compilerOptions(), undefined);
  application.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }: Context) => {
    nameModules(project, sources);
    for (const reflection of project.getReflectionsByKind(ReflectionKind.Interface)) {
      if (reflection instanceof DeclarationReflection) orderByTopic(reflection);
    }
    for (const reflection of project.getReflectionsByKind(ReflectionKind.Property)) {
      explainForm(reflection);
    }
  });
  const warnings: string[] = [];
  const { logger } = application;
  const log = logger.log.bind(logger);
  logger.log = (message, level) => {
    if (level >= LogLevel.Warn) warnings.push(message);
    log(message, level);
  };
  const project = await application.convert();
  if (project === undefined) throw new Error(`The entries cannot be read:\n${warnings.join('\n')}`);
  application.validate(project);
  return { application, project, warnings };
}

function compilerOptions(): ts.CompilerOptions {
  const read = ts.readConfigFile('tsconfig.json', (path) => readFileSync(path, 'utf8'));
  const { compilerOptions } = read.config as { readonly compilerOptions: object };
  const here = {
    composite: false,
    emitDeclarationOnly: false,
    noEmit: true,
    lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    types: ['vite/client'],
  };
  return ts.convertCompilerOptionsFromJson({ ...compilerOptions, ...here }, '.').options;
}

function nameModules(project: ProjectReflection, sources: ReadonlyMap<string, string>): void {
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    if (!(module instanceof DeclarationReflection)) continue;
    for (const [name, source] of sources) {
      const isIt = module.sources?.some(({ fullFileName }) => fullFileName.endsWith(source));
      if (isIt === true) module.name = name;
    }
  }
}

/** What is the same wherever it stands. */
const FORMS: Readonly<Record<string, string>> = {
  type: 'Tells which of them it is.',
  '[brand]': 'For the compiler alone: keeps it apart from what looks the same.',
};

function explainForm(property: Reflection): void {
  const form = FORMS[property.name];
  if (form === undefined || property.comment !== undefined) return;
  if (property.parent?.kind === ReflectionKind.TypeLiteral) {
    property.comment = new Comment([{ kind: 'text', text: form }]);
  }
}

/** What comes from an interface that is a part is in the category of the part; the rest is in its own. */
function orderByTopic(whole: DeclarationReflection): void {
  for (const type of whole.extendedTypes ?? []) {
    const part = type instanceof ReferenceType ? type.reflection : undefined;
    if (!(part instanceof DeclarationReflection)) continue;
    const category = part.comment?.getTag('@category');
    if (category === undefined) continue;
    const names = new Set(part.children?.map(({ name }) => name));
    for (const member of whole.children ?? []) {
      if (names.has(member.name)) putAll(member, category);
    }
  }
  const own = whole.comment?.getTag('@category');
  if (own === undefined || whole.extendedTypes === undefined) return;
  for (const member of whole.children ?? []) putAll(member, own);
}

function putAll(member: DeclarationReflection, category: CommentTag): void {
  for (const comment of commentsOf(member)) put(comment, category);
}

function put(comment: Comment, category: CommentTag): void {
  if (comment.getTag('@category') === undefined) comment.blockTags.push(category.clone());
}

/** A callable's comments are at its signatures. */
function commentsOf(reflection: Reflection): readonly Comment[] {
  const signatures =
    reflection instanceof DeclarationReflection ? (reflection.signatures ?? []) : [];
  return [reflection, ...signatures].flatMap(({ comment }) => comment ?? []);
}
