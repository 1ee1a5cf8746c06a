/**
 * Linearizability of a history of concurrent calls (Herlihy and Wing 1990), decided by the search of
 * Wing and Gong (1993) with Lowe's (2017) memory of configurations seen.
 *
 * The history is a list of invocations and responses in real-time order. The search takes a call
 * whose invocation stands before the first response, if the sequential model allows its answer now,
 * out of the list; when nothing fits before a response, it goes back to the last call taken and puts
 * it in again. A configuration, the set of calls taken and the model's state, is never tried twice.
 * A call without a response may take effect at any time after its invocation, or never.
 *
 * A call of known answer that fits and changes nothing (a read) is taken at once and never put back
 * on its own: in any order that has it later it may stand here as well. Without this the search would
 * try every subset of concurrent reads. It asks of the model that such a call changes nothing wherever
 * it gives that answer.
 *
 * A history over independent objects is linearizable where each object's part is (locality), so
 * callers check one key at a time.
 */

export interface SequentialModel<State, Input, Output> {
  readonly initial: State;
  /** The state behind the call; null where `output` cannot be its answer. Null output: unknown. */
  step(state: State, input: Input, output: Output | null): State | null;
  /** Equal for equal states only. */
  key(state: State): string;
}

export interface Call<Input, Output> {
  readonly input: Input;
  /** Null where no answer came. */
  readonly output: Output | null;
  /** When it was invoked and answered: distinct integers in real-time order. */
  readonly invokedAt: number;
  /** Null: never answered. */
  readonly answeredAt: number | null;
}

export type LinearizabilityVerdict = 'linearizable' | 'not linearizable' | 'undecided';

/** An invocation (`response` is its answer's place, if any) or a response in the linked list. */
interface Place<Input, Output> {
  readonly call: Call<Input, Output>;
  readonly number: number;
  readonly isResponse: boolean;
  response: Place<Input, Output> | null;
  previous: Place<Input, Output> | null;
  next: Place<Input, Output> | null;
}

/** A call taken out of the list, and the state before it. */
interface Taken<State, Input, Output> {
  readonly place: Place<Input, Output>;
  readonly state: State;
  readonly changes: boolean;
}

/** 'undecided' after `maxSteps` steps of the model. */
export function checkLinearizable<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  calls: readonly Call<Input, Output>[],
  maxSteps = 5_000_000,
): LinearizabilityVerdict {
  const search = new Search(model, calls);
  let from = search.takeWhatFits();
  while (search.responsesLeft > 0) {
    if (search.steps > maxSteps) return 'undecided';
    if (search.takeChange(from)) {
      from = search.takeWhatFits();
      continue;
    }
    const last = search.undoChange();
    if (last === null) return 'not linearizable';
    from = last.next;
  }
  return 'linearizable';
}

class Search<State, Input, Output> {
  /** Calls of which the response is still in the list. */
  responsesLeft: number;
  steps = 0;
  readonly #model: SequentialModel<State, Input, Output>;
  readonly #head: Place<Input, Output>;
  readonly #taken: Uint32Array;
  readonly #seen = new Set<string>();
  readonly #undo: Taken<State, Input, Output>[] = [];
  #state: State;
  #key: string;

  constructor(model: SequentialModel<State, Input, Output>, calls: readonly Call<Input, Output>[]) {
    this.#model = model;
    this.#head = link(calls);
    this.#taken = new Uint32Array((calls.length + 31) >> 5);
    this.#state = model.initial;
    this.#key = model.key(model.initial);
    this.responsesLeft = calls.filter((call) => call.answeredAt !== null).length;
  }

  /**
   * Takes every call of known answer that may come next and changes nothing. Answers where to look
   * for one that changes something: at the beginning.
   */
  takeWhatFits(): Place<Input, Output> | null {
    for (let place = this.#head.next; place !== null && !place.isResponse; place = place.next) {
      if (place.call.output === null) continue;
      const next = this.#step(place);
      if (next === null || this.#model.key(next) !== this.#key) continue;
      this.#take(place, next, false);
    }
    return this.#head.next;
  }

  /**
   * Takes the first call at or behind `from` that may come next and leads to a new configuration.
   * One that is never answered is of use only where it changes something.
   */
  takeChange(from: Place<Input, Output> | null): boolean {
    for (let place = from; place !== null && !place.isResponse; place = place.next) {
      const next = this.#step(place);
      if (next === null) continue;
      if (place.response === null && this.#model.key(next) === this.#key) continue;
      flip(this.#taken, place.number);
      const configuration = `${this.#taken.join()}|${this.#model.key(next)}`;
      flip(this.#taken, place.number);
      if (this.#seen.has(configuration)) continue;
      this.#seen.add(configuration);
      this.#take(place, next, true);
      return true;
    }
    return false;
  }

  /** Puts the last call that changed something back, with all taken since; null: there is none. */
  undoChange(): Place<Input, Output> | null {
    for (;;) {
      const last = this.#undo.pop();
      if (last === undefined) return null;
      flip(this.#taken, last.place.number);
      if (last.place.response !== null) this.responsesLeft += 1;
      putBack(last.place);
      this.#state = last.state;
      if (!last.changes) continue;
      this.#key = this.#model.key(this.#state);
      return last.place;
    }
  }

  #step(place: Place<Input, Output>): State | null {
    this.steps += 1;
    return this.#model.step(this.#state, place.call.input, place.call.output);
  }

  #take(place: Place<Input, Output>, next: State, changes: boolean): void {
    flip(this.#taken, place.number);
    this.#undo.push({ place, state: this.#state, changes });
    this.#state = next;
    this.#key = this.#model.key(next);
    if (place.response !== null) this.responsesLeft -= 1;
    takeOut(place);
  }
}

/** The history as a doubly linked list behind a head that is neither. */
function link<Input, Output>(calls: readonly Call<Input, Output>[]): Place<Input, Output> {
  const places: { readonly at: number; readonly place: Place<Input, Output> }[] = [];
  for (const [number, call] of calls.entries()) {
    const links = { response: null, previous: null, next: null };
    const invocation: Place<Input, Output> = { call, number, isResponse: false, ...links };
    places.push({ at: call.invokedAt, place: invocation });
    if (call.answeredAt === null) continue;
    invocation.response = { call, number, isResponse: true, ...links };
    places.push({ at: call.answeredAt, place: invocation.response });
  }
  places.sort((a, b) => a.at - b.at);
  const nothing: Call<Input, Output> = {
    input: undefined as Input,
    output: null,
    invokedAt: -1,
    answeredAt: null,
  };
  const head: Place<Input, Output> = {
    call: nothing,
    number: -1,
    isResponse: true,
    response: null,
    previous: null,
    next: null,
  };
  let last = head;
  for (const { place } of places) {
    last.next = place;
    place.previous = last;
    last = place;
  }
  return head;
}

function takeOut<Input, Output>(invocation: Place<Input, Output>): void {
  detach(invocation);
  if (invocation.response !== null) detach(invocation.response);
}

/** Undoes the newest `takeOut` that is not undone: neighbours are as they were then. */
function putBack<Input, Output>(invocation: Place<Input, Output>): void {
  if (invocation.response !== null) attach(invocation.response);
  attach(invocation);
}

function detach<Input, Output>(place: Place<Input, Output>): void {
  if (place.previous !== null) place.previous.next = place.next;
  if (place.next !== null) place.next.previous = place.previous;
}

function attach<Input, Output>(place: Place<Input, Output>): void {
  if (place.previous !== null) place.previous.next = place;
  if (place.next !== null) place.next.previous = place;
}

function flip(bits: Uint32Array, number: number): void {
  const word = number >> 5;
  bits[word] = (bits[word] ?? 0) ^ (1 << (number & 31));
}
