/** Where the paper and the thesis tell of what happens. */

export interface Section {
  readonly label: string;
  readonly href: string;
}

const PAPER = 'https://raft.github.io/raft.pdf';
const THESIS = 'https://github.com/ongardie/dissertation';

function paper(section: string): Section {
  return { label: `§${section}`, href: PAPER };
}

function thesis(section: string): Section {
  return { label: `thesis ${section}`, href: THESIS };
}

export const SECTIONS = {
  election: paper('5.2'),
  electionRestriction: paper('5.4.1'),
  logMatching: paper('5.3'),
  membership: paper('6'),
  snapshots: paper('7'),
  crashes: paper('5.5'),
  timing: paper('5.6'),
  learners: thesis('4.2.1'),
  transfer: thesis('3.10'),
  preVote: thesis('9.6'),
  checkQuorum: thesis('6.2'),
} as const satisfies Readonly<Record<string, Section>>;
