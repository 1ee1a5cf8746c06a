/** How the cluster fares, in numbers over time. */

export function MetricsView() {
  return <h2>Metrics</h2>;
}
