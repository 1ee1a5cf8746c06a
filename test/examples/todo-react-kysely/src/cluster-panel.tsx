/** Who is here, what would make it safer, and how another browser is let in. */

import { useRef, useState } from 'react';
import type { Database } from 'resqlite';
import type { ClusterWords } from './cluster.ts';
import type { Save } from './saving.ts';

interface ClusterPanelProps {
  readonly database: Database;
  readonly cluster: ClusterWords;
  readonly save: Save;
}

export function ClusterPanel({ database, cluster, save }: ClusterPanelProps) {
  const [link, setLink] = useState<string | null>(null);
  const invite = (): Promise<boolean> =>
    save('the invite', async () => setLink(await database.invite()));
  return (
    <section className="cluster" aria-labelledby="here">
      <h2 id="here">Who is here</h2>
      <ul className="members">
        {cluster.members.map(({ id, name, tags, isHere }) => (
          <li key={id} className={isHere ? undefined : 'away'}>
            {[name, ...tags].join(', ')}
          </li>
        ))}
      </ul>
      <p className="hint">{cluster.hint}</p>
      <button type="button" disabled={!cluster.isIn} onClick={() => void invite()}>
        Invite another browser
      </button>
      {link !== null && <InviteLink key={link} link={link} />}
    </section>
  );
}

function InviteLink({ link }: { readonly link: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [isCopied, setIsCopied] = useState(false);
  const copy = async (): Promise<void> => {
    // Selected, so that a browser that denies the clipboard leaves it to the person.
    field.current?.select();
    await navigator.clipboard.writeText(link).then(
      () => setIsCopied(true),
      () => undefined,
    );
  };
  return (
    <div className="link">
      <label htmlFor="address">
        Open this link in the other browser. Whoever has it can read and change everything, so hand
        it on as you would a password. It is good for 7 days.
      </label>
      <div className="row">
        <input id="address" type="text" readOnly value={link} ref={field} />
        <button type="button" onClick={() => void copy()}>
          {isCopied ? 'Copied' : 'Copy'}
        </button>
      </div>
    </div>
  );
}
