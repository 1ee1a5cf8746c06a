/** The app's view. */

export function MapReduceView() {
  return <section class="card" aria-label="MapReduce" />;
}
