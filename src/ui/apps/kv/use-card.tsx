/** How the store is used by `fetch`, and from code. */

import { CopyText } from '../../copy-button.tsx';

const FETCH = `// In any page here, while a tab is open.
await fetch('kv/greeting', { method: 'PUT', body: 'hello' });
await fetch('kv/greeting', { method: 'POST', body: ' world' }); // append
const answer = await fetch('kv/greeting');
await answer.text(); // 'hello world'
answer.headers.get('ETag'); // its version, for If-Match
await (await fetch('kv/?prefix=gr&limit=10')).json();
await fetch('kv/greeting', { method: 'DELETE' });`;

const CODE = `// In this page's console.
const { KeyValueStore } = await resqlite.kv();
const store = new KeyValueStore(db);
await store.put('greeting', 'hello');
await store.append('greeting', ' world');
await store.get('greeting'); // 'hello world'
await store.compareAndSet('greeting', 'hello world', 'hi');
const stop = store.watch('greeting', console.log);`;

export function UseCard() {
  return (
    <section class="card kv-card" aria-labelledby="kv-use">
      <h2 id="kv-use">Use it</h2>
      <Sample title="By fetch" text={FETCH} />
      <p class="hint">
        The page’s service worker hands the request to a tab. Where there is none, the answer is
        503, with what is known of the write as JSON.
      </p>
      <Sample title="From code" text={CODE} />
    </section>
  );
}

function Sample({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div class="kv-sample">
      <div class="kv-head">
        <h3>{title}</h3>
        <CopyText label="Copy" name={`Copy: ${title}`} text={text} />
      </div>
      <pre class="kv-code" tabIndex={0} aria-label={title}>
        <code>{text}</code>
      </pre>
    </div>
  );
}
