/** A line of text in a dialog, under its label; nothing is corrected, completed or remembered. */

export interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly onChange: (value: string) => void;
}

export function TextField({ label, value, placeholder = '', onChange }: TextFieldProps) {
  return (
    <label class="dialog-field">
      <span>{label}</span>
      <input
        type="text"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        placeholder={placeholder}
        value={value}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </label>
  );
}
