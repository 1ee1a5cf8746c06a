/** Signs of the Lab's controls, like the page's icons; names are said beside them. */

const PATHS = {
  play: 'M7 4.500v15l12-7.500Z',
  pause: 'M8 5v14M16 5v14',
  step: 'M6 5.500v13l9-6.500ZM18 5.500v13',
  back: 'M18 5.500v13l-9-6.500ZM6 5.500v13',
  restart: 'M4.500 12a7.500 7.500 0 1 0 2.600-5.700M4.500 4.500v4h4',
  end: 'M4 5.500v13l7-6.500ZM12 5.500v13l7-6.500ZM21 5.500v13',
  link: 'M10 14a4 4 0 0 0 5.700 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3A4 4 0 0 0 11 18.700l1-1',
  undo: 'M9 14 4.500 9.500 9 5M4.500 9.500H14a5 5 0 0 1 0 10h-3',
} as const;

export function LabIcon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
