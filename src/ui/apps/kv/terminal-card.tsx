/** The command line: what was printed, the line that is typed, and commands to try. */

import { useEffect, useRef } from 'preact/hooks';
import type { Terminal, TerminalLine } from './terminal.ts';

const TUTORIAL = [
  { command: 'PUT greeting hello', does: 'Put a text under a key' },
  { command: 'GET greeting', does: 'Read it, in this tab or any other' },
  { command: 'APPEND greeting " world"', does: 'Add to its end; quotes keep the space' },
  { command: 'CAS greeting "hello world" hi', does: 'Change it only if nobody else has' },
  { command: 'LIST gr', does: 'See the keys that begin so' },
  { command: 'WATCH greeting', does: 'Be told of every change, then change it in another tab' },
  { command: 'DELETE greeting', does: 'Take it away' },
] as const;

export function TerminalCard({ terminal }: { readonly terminal: Terminal }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <section class="card kv-terminal" aria-label="Command line">
      <Output terminal={terminal} />
      <form
        class="kv-prompt"
        onSubmit={(event) => {
          event.preventDefault();
          terminal.submit();
        }}
      >
        <span aria-hidden="true">›</span>
        <input
          ref={input}
          type="text"
          class="kv-input"
          aria-label="Command"
          placeholder="Type a command, or HELP"
          autocomplete="off"
          autocapitalize="off"
          autocorrect="off"
          spellcheck={false}
          enterkeyhint="send"
          value={terminal.typed.value}
          onInput={({ currentTarget }) => {
            terminal.typed.value = currentTarget.value;
          }}
          onKeyDown={(event) => onKey(event, terminal)}
        />
        {terminal.running.value > 0 ? (
          <button type="button" class="button" onClick={() => terminal.cancel()}>
            Cancel
          </button>
        ) : (
          <button type="submit" class="button button-main">
            Run
          </button>
        )}
      </form>
      <Tutorial
        onTry={(command) => {
          terminal.run(command);
          // On a touch screen it would bring the keyboard up, over what is printed.
          if (matchMedia('(hover: hover)').matches) input.current?.focus();
        }}
      />
    </section>
  );
}

function Output({ terminal }: { readonly terminal: Terminal }) {
  const { value: lines } = terminal.lines;
  const output = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current } = output;
    if (current !== null) current.scrollTop = current.scrollHeight;
  }, [lines]);
  return (
    <div class="kv-output" ref={output} role="log" aria-label="Output" tabIndex={0}>
      {lines.length === 0 ? (
        <p class="hint">
          Texts by keys, kept by all tabs together: a write is there once a majority has it, and
          takes effect once, also where an answer is lost. Type a command, or try those below.
        </p>
      ) : (
        lines.map((line) => <OutputLine key={line.id} line={line} />)
      )}
    </div>
  );
}

function OutputLine({ line: { kind, text } }: { readonly line: TerminalLine }) {
  return (
    <p class={`kv-line kv-line-${kind}`}>
      {kind === 'command' && <span aria-hidden="true">› </span>}
      {text}
    </p>
  );
}

function Tutorial({ onTry }: { readonly onTry: (command: string) => void }) {
  return (
    <div class="kv-tutorial">
      <h2>Try it</h2>
      <ol>
        {TUTORIAL.map(({ command, does }) => (
          <li key={command}>
            <button type="button" class="example" onClick={() => onTry(command)}>
              <code>{command}</code>
            </button>
            <span class="hint">{does}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function onKey(event: KeyboardEvent, terminal: Terminal): void {
  if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  switch (event.key) {
    case 'ArrowUp':
      event.preventDefault();
      terminal.recall(-1);
      break;
    case 'ArrowDown':
      event.preventDefault();
      terminal.recall(1);
      break;
    case 'Tab':
      if (!event.shiftKey && terminal.complete()) event.preventDefault();
  }
}
