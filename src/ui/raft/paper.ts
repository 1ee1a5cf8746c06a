/** Where a section can be read: in the Raft paper (extended version) or in Ongaro's thesis. Pure. */

const PAPER = 'https://raft.github.io/raft.pdf';
const THESIS = 'https://web.stanford.edu/~ouster/cgi-bin/papers/OngaroPhD.pdf';
const PAPER_SECTION = /^(?:paper )?§?(\d+)(?:\.(\d+))?/;

/** Pages of the paper on which its sections begin. */
const PAGES: Readonly<Record<string, number>> = {
  '1': 1,
  '2': 2,
  '3': 2,
  '4': 3,
  '5': 3,
  '5.1': 5,
  '5.2': 6,
  '5.3': 6,
  '5.4': 8,
  '5.5': 10,
  '5.6': 10,
  '6': 10,
  '7': 12,
  '8': 13,
  '9': 13,
};

export function addressOfSection(section: string): string {
  if (section.startsWith('thesis')) return THESIS;
  const found = PAPER_SECTION.exec(section);
  if (found === null) return PAPER;
  const [, part = '', sub] = found;
  const page = PAGES[sub === undefined ? part : `${part}.${sub}`];
  return page === undefined ? PAPER : `${PAPER}#page=${page}`;
}
