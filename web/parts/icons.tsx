const PATHS = {
  plus: 'M8 3.5v9M3.5 8h9',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  doc: 'M4 2.5h5l3 3v8H4zM9 2.5v3h3',
  chev: 'm6 3.5 4.5 4.5L6 12.5',
  send: 'M8 13V3.6M3.8 7.5 8 3.3l4.2 4.2',
  stop: 'M5 5h6v6H5zM6.5 6.5h3v3h-3zM7.5 8h1',
  dots: 'M3 8h1M7.5 8h1M12 8h1',
  wallet:
    'M4 4h8a1.5 1.5 0 0 1 1.5 1.5V11a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 11V5.5A1.5 1.5 0 0 1 4 4zm-1.5 2.7h11M10 9.6h1.2',
  check: 'm3.5 8.5 3 3 6-7',
  retry: 'M13 8.3a5 5 0 1 1-1.6-4M13.2 2.3v3h-3',
  alert: 'M8 2.6 14.2 13H1.8zM8 6.6v3M8 11.3v.1',
  x: 'm4 4 8 8M12 4l-8 8',
  down: 'M8 3v9.4M3.8 8.5 8 12.7l4.2-4.2',
  search: 'M11.2 7a4.2 4.2 0 1 1-8.4 0 4.2 4.2 0 0 1 8.4 0zm-1 3.2 3.3 3.3',
  copy: 'M7 5.5h5A1.5 1.5 0 0 1 13.5 7v5a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 12V7A1.5 1.5 0 0 1 7 5.5zm-3.5 5a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1',
  out: 'M9.5 2.5h-6v11h6M7 8h7M11.2 5.2 14 8l-2.8 2.8',
  info: 'M13.8 8A5.8 5.8 0 1 1 2.2 8a5.8 5.8 0 0 1 11.6 0zM8 7.4v3.4M8 5.2v.1',
  mine: 'M8 2.2v2.6M5 10.8l1.1-6h3.8l1.1 6M5.7 7.6h4.6M2.3 12.6c1.3 1.1 2.5 1.1 3.8 0s2.5-1.1 3.8 0 2.5 1.1 3.8 0',
  clock: 'M13.5 8A5.5 5.5 0 1 1 2.5 8a5.5 5.5 0 0 1 11 0zM8 5v3.2l2 1.3',
  lock: 'M5 7h6a1.5 1.5 0 0 1 1.5 1.5V12a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 12V8.5A1.5 1.5 0 0 1 5 7zm.5 0V5a2.5 2.5 0 0 1 5 0v2',
  ask: 'M13.8 8A5.8 5.8 0 1 1 2.2 8a5.8 5.8 0 0 1 11.6 0zM6.4 6.4a1.7 1.7 0 1 1 2.3 1.7c-.5.2-.7.5-.7 1M8 11.1v.1',
  save: 'M8 2.5V10M4.5 7 8 10.4 11.5 7M3 13.2h10',
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Brand() {
  return (
    <>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d="M4.5 4.5v15M19.5 4.5v15" />
        <path d="M4.5 7.5c2.6 9 12.4 9 15 0" />
      </svg>
      Mooring
    </>
  );
}
