/**
 * A form of settings between what is set and what is typed. What another tab of the browser sets comes
 * into it as long as nothing was typed. Components call methods and read signals.
 */

import { batch, computed, signal } from '@preact/signals';

export class FormDraft<Form extends object> {
  /** As it stands; another object after each change. */
  readonly form;
  /** What was typed is in force, and nothing was since. */
  readonly isSaved = computed(() => this.#wasSaved.value && !this.#isTouched());
  /** As it was filled last. */
  readonly #filled;
  readonly #wasSaved = signal(false);

  constructor(set: Form) {
    this.form = signal(set);
    this.#filled = signal(set);
  }

  change(changes: Partial<Form>): void {
    this.form.value = { ...this.form.peek(), ...changes };
  }

  /** That is what is set now, by whomever. */
  follow(set: Form): void {
    if (this.form.peek() !== this.#filled.peek()) return;
    const isSame = JSON.stringify(set) === JSON.stringify(this.form.peek());
    if (!isSame) this.#fill(set, false);
  }

  /** It was saved, and has become that. */
  settle(set: Form): void {
    this.#fill(set, true);
  }

  #fill(set: Form, wasSaved: boolean): void {
    batch(() => {
      this.form.value = set;
      this.#filled.value = set;
      this.#wasSaved.value = wasSaved;
    });
  }

  #isTouched(): boolean {
    return this.form.value !== this.#filled.value;
  }
}
