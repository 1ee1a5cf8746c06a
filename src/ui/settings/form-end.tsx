/** The end of a form of settings: whether it is saved, the way back to what it was made with, and saving. */

interface FormEndProps {
  readonly isSaved: boolean;
  /** What the button says that puts the form back. */
  readonly reset: string;
  readonly onReset: () => void;
}

export function FormEnd({ isSaved, reset, onReset }: FormEndProps) {
  return (
    <div class="dialog-actions">
      <p class="settings-saved" role="status">
        {isSaved ? 'Saved.' : ''}
      </p>
      <button type="button" class="button" onClick={onReset}>
        {reset}
      </button>
      <button type="submit" class="button button-main">
        Save
      </button>
    </div>
  );
}
