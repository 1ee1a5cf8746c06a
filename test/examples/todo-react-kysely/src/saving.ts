/** Writes, and what came of the last one. */

import { useState } from 'react';
import { ResqliteError } from 'resqlite';
import { describeFailure } from './cluster.ts';

/** What is done before that is not worth a word. */
const SLOW_MS = 500;

/** Answers whether it was done. */
export type Save = (work: () => Promise<unknown>) => Promise<boolean>;

/** What there is to say of writes; '' for nothing. */
export function useSaving(): { readonly outcome: string; readonly save: Save } {
  const [outcome, setOutcome] = useState('');
  const save: Save = async (work) => {
    setOutcome('');
    const slow = setTimeout(() => setOutcome('Saving…'), SLOW_MS);
    try {
      await work();
      clearTimeout(slow);
      setOutcome('');
      return true;
    } catch (error) {
      if (!(error instanceof ResqliteError)) throw error;
      clearTimeout(slow);
      setOutcome(describeFailure(error));
      return false;
    }
  };
  return { outcome, save };
}
