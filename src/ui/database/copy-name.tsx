/** Copies a name as SQL takes it. */

import { useSignal } from '@preact/signals';
import { writeClipboard } from '../clipboard.ts';
import { sqlName } from './table-query.ts';

export function CopyName({ name }: { readonly name: string }) {
  const copied = useSignal(false);
  return (
    <button
      type="button"
      class="link"
      onClick={async () => {
        copied.value = await writeClipboard(sqlName(name));
      }}
    >
      {copied.value ? 'Copied' : 'Copy name'}
    </button>
  );
}
