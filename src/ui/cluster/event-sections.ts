/** Where the paper and the thesis tell of what happens. */

import { addressOfSection } from '../raft/paper.ts';

export interface Section {
  readonly label: string;
  readonly href: string;
}

function paper(section: string): Section {
  return sectionOf(`§${section}`);
}

function thesis(section: string): Section {
  return sectionOf(`thesis ${section}`);
}

function sectionOf(label: string): Section {
  return { label, href: addressOfSection(label) };
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
