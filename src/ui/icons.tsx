/** The page's icons: outlines of 24 by 24 that take the colour of the text; names are said beside them. */

const PATHS = {
  database:
    'M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3Zm0 0v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3',
  apps: 'M4 4h6.500v6.500H4Zm9.500 0H20v6.500h-6.500ZM4 13.500h6.500V20H4Zm9.500 0H20V20h-6.500Z',
  cluster:
    'M12 3.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5ZM5.5 15.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Zm13 0a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5ZM10.8 8.3l-4 7.3m6.4-7.3 4 7.300M8 18h8',
  metrics: 'M4 4v16h16M8 15l3.5-4 3 2.500L20 7',
  lab: 'M9 3h6M10 3v6l-5.2 9.200A1.9 1.9 0 0 0 6.5 21h11a1.9 1.9 0 0 0 1.7-2.800L14 9V3M7.5 15h9',
  settings:
    'M4 7h9m5 0h2M4 17h2m5 0h9M15.5 4.500a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Zm-7 10a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
