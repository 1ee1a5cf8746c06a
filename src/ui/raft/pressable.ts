/** What makes a part of a drawing a button: SVG has none of its own. */

interface Pressable {
  readonly role: 'button';
  readonly tabindex: 0;
  readonly 'aria-pressed': boolean;
  readonly 'aria-label': string;
  readonly onClick: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

export function pressable(label: string, isPressed: boolean, onPress: () => void): Pressable {
  return {
    role: 'button',
    // As SVG writes it: there its case counts.
    tabindex: 0,
    'aria-pressed': isPressed,
    'aria-label': label,
    onClick: onPress,
    onKeyDown: (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      onPress();
    },
  };
}
