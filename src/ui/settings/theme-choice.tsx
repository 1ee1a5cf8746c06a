/** Light or dark. In force at once, in all tabs of this browser. */

import { useSignal } from '@preact/signals';
import { chooseTheme, isDark, theme, THEMES, type Theme } from '../theme-store.ts';

const NAMES: Readonly<Record<Theme, string>> = {
  system: 'As the system has it',
  light: 'Light',
  dark: 'Dark',
};

export function ThemeChoice() {
  const said = useSignal('');
  return (
    <fieldset class="dialog-section">
      <legend>Theme</legend>
      <div class="settings-actions">
        {THEMES.map((choice) => (
          <label key={choice} class="check check-line">
            <input
              type="radio"
              name="theme"
              checked={theme.value === choice}
              onChange={() => {
                chooseTheme(choice);
                said.value = `Saved. The page is ${isDark.value ? 'dark' : 'light'}.`;
              }}
            />
            {NAMES[choice]}
          </label>
        ))}
      </div>
      <p class="settings-saved" role="status">
        {said.value}
      </p>
    </fieldset>
  );
}
