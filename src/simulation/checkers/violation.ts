/** What a checker throws: the property that does not hold, where it is stated, and the evidence. */

export type Property =
  | 'election safety'
  | 'election restriction'
  | 'campaigns'
  | 'leader append-only'
  | 'log matching'
  | 'leader completeness'
  | 'commitment rule'
  | 'state machine safety'
  | 'configuration rule'
  | 'snapshot safety'
  | 'quarantine'
  | 'bounded log'
  | 'removal'
  | 'entitlement'
  | 'monotone state'
  | 'durability'
  | 'exactly once'
  | 'stamp order'
  | 'read freshness'
  | 'linearizability'
  | 'strict serializability'
  | 'truthful errors'
  | 'answers'
  | 'convergence'
  | 'no internal error';

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly property: Property;

  /** `section` is of the Raft paper, or of the thesis where it says so. */
  constructor(property: Property, section: string, evidence: string) {
    super(`${property} (${section}): ${evidence}`);
    this.property = property;
  }
}
