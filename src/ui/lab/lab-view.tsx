/** The simulator, to be watched. */

export function LabView() {
  return <h2>Lab</h2>;
}
