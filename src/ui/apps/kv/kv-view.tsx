/** The app's view. */

export function KvView() {
  return <section class="card" aria-label="Key-value store" />;
}
