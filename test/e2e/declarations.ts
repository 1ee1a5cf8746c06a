/** What a file of types declares, and what of it others can name. */

const DECLARED =
  /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class|function|const|let|enum|namespace) (?<name>\w+)/gm;
const LIST = /^export (?:type )?\{(?<names>[^}]*)\}/gm;

export interface Declarations {
  readonly declared: readonly string[];
  readonly exported: ReadonlySet<string>;
}

export function declarationsOf(text: string): Declarations {
  const declared = new Set<string>();
  const exported = new Set<string>();
  for (const { 0: all, groups } of text.matchAll(DECLARED)) {
    const { name = '' } = groups ?? {};
    declared.add(name);
    if (all.startsWith('export ')) exported.add(name);
  }
  for (const { groups } of text.matchAll(LIST)) {
    for (const item of (groups?.['names'] ?? '').split(',')) {
      const [name = ''] = item
        .trim()
        .replace(/^type /, '')
        .split(' as ');
      exported.add(name);
    }
  }
  return { declared: [...declared], exported };
}
