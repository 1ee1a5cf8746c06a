/** What ends a subscription, kept in `all` until it has. */
export function endable(all: Set<() => void>, unsubscribe: () => void): () => void {
  const end = (): void => {
    all.delete(end);
    unsubscribe();
  };
  all.add(end);
  return end;
}
