/**
 * Sessions as text, as far as the page touches it: what stands behind the `?` of the Lab's address. Its
 * grammar is the worker's (lab/link.ts), which judges every link; here it is only cut and found. Pure.
 */

import type { LabSource } from '../../lab/protocol.ts';

const FRAGMENT = /#\/lab\?([^\s'"<>]+)/;
const BARE_QUERY = /^(?:story|seed|run)=[^\s'"<>]+$/;
const SEED = /^\d+$|(?:^|[\s-])seed[\s=:]+(\d+)/;

/** What a fragment `#/lab?…` has behind its `?`; '' where it has none. */
export function queryOfLink(link: string): string {
  return FRAGMENT.exec(link)?.[1] ?? '';
}

export function linkOfQuery(query: string): string {
  return `#/lab?${query}`;
}

/**
 * The session that somebody means by what was pasted: a link or its fragment, a line of
 * `npm run simulate`, or a bare seed. Null: none can be told.
 */
export function queryOfPaste(pasted: string): string | null {
  const text = pasted.trim();
  const linked = queryOfLink(text);
  if (linked !== '') return linked;
  if (BARE_QUERY.test(text)) return text;
  const seed = SEED.exec(text);
  if (seed === null) return null;
  return queryOfSource({
    type: 'run',
    seed: Number(seed[1] ?? seed[0]),
    servers: numberOf(text, 'servers'),
    clients: numberOf(text, 'clients'),
    engine: /(?:^|\s)--sql\b/.test(text) ? 'sql' : 'model',
  });
}

function numberOf(text: string, option: string): number | null {
  const found = new RegExp(`--${option}[\\s=]+(\\d+)`).exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

export function queryOfSource(source: LabSource): string {
  switch (source.type) {
    case 'story':
      return `story=${source.id}`;
    case 'free':
      return `seed=${source.seed}&servers=${source.servers}&clients=${source.clients}`;
    case 'run': {
      const servers = source.servers === null ? '' : `&servers=${source.servers}`;
      const clients = source.clients === null ? '' : `&clients=${source.clients}`;
      const engine = source.engine === 'sql' ? '&engine=sql' : '';
      return `run=${source.seed}${servers}${clients}${engine}`;
    }
  }
}

/** The same session with only the first `count` of its actions, at a moment. */
export function cutSession(query: string, count: number, atUs: number): string {
  const parts: string[] = [];
  for (const part of query.split('&')) {
    if (part.startsWith('at=')) continue;
    if (!part.startsWith('do=')) parts.push(part);
    else if (count > 0) parts.push(part.split(',').slice(0, count).join(','));
  }
  return [...parts, `at=${atUs}`].join('&');
}
