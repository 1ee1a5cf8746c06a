/** What one key of the model database may answer, for the linearizability checker. */

import { appended, EMPTY_LIST, type ListState, type ModelWrite } from '../model.ts';
import type { SequentialModel } from './linearizability.ts';

export type ListInput =
  | { readonly type: 'append'; readonly value: number }
  | { readonly type: 'read' };

/** An append answers the length, a read the list. */
export type ListOutput = number | ListState;

export const LIST_MODEL: SequentialModel<ListState, ListInput, ListOutput> = {
  initial: EMPTY_LIST,
  step(list, input, output) {
    if (input.type === 'append') {
      const longer = appended(list, input.value);
      return output === null || output === longer.length ? longer : null;
    }
    if (output === null || typeof output === 'number') return list;
    return output.length === list.length && output.digest === list.digest ? list : null;
  },
  key: (list) => `${list.length},${list.digest}`,
};

export type RegisterInput = (ModelWrite & { type: 'swap' | 'compare-and-set' }) | { type: 'read' };

/** Everything answers the value before it. */
export const REGISTER_MODEL: SequentialModel<number, RegisterInput, number> = {
  initial: 0,
  step(value, input, output) {
    if (output !== null && output !== value) return null;
    switch (input.type) {
      case 'read':
        return value;
      case 'swap':
        return input.value;
      case 'compare-and-set':
        return value === input.expected ? input.value : value;
    }
  },
  key: String,
};
