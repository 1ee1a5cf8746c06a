/** The app's view. */

export function ChatView() {
  return <section class="card" aria-label="Chat" />;
}
