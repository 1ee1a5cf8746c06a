/** A button that copies something, and says for a while what came of it. */

import { useEffect, useMemo } from 'preact/hooks';
import { Copying, type CopiedText } from './copying.ts';

interface Props {
  readonly label: string;
  /** What it is called where the label alone does not say what is copied. */
  readonly name?: string;
  /** What is copied: of something else nothing was said yet. */
  readonly of: unknown;
  /** Rejects with what a person is told. */
  readonly read: () => CopiedText | Promise<CopiedText>;
}

export function CopyButton({ label, name, of, read }: Props) {
  const copying = useMemo(() => new Copying(), []);
  const { value: said } = copying.said;
  useEffect(() => () => copying.reset(), [of]);
  return (
    <>
      <button
        type="button"
        class="link"
        aria-label={said === null ? name : undefined}
        onClick={() => void copying.copy(read)}
      >
        {said ?? label}
      </button>
      <span class="sr-only" role="status">
        {said}
      </span>
    </>
  );
}

interface TextProps extends Pick<Props, 'label' | 'name'> {
  readonly text: string;
}

export function CopyText({ text, ...words }: TextProps) {
  return <CopyButton {...words} of={text} read={() => ({ text, done: 'Copied' })} />;
}
