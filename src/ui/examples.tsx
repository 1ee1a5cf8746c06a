/** Something to begin with, where nothing was run yet. */

const EXAMPLES: readonly string[] = [
  'create table note(id integer primary key, at text, text text);',
  "insert into note(at, text) values (datetime('now'), 'hello') returning *;",
  'select * from note;',
  '.help',
];

export function Examples({ onExample }: { readonly onExample: (sql: string) => void }) {
  return (
    <div class="examples">
      <span>For example</span>
      {EXAMPLES.map((sql) => (
        <button key={sql} type="button" class="example" onClick={() => onExample(sql)}>
          <code>{sql}</code>
        </button>
      ))}
    </div>
  );
}
