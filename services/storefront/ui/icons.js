import { svg } from '../app/dom.js';

/** Strokes in a 24 × 24 view box. */
const PATHS = {
  cart: 'M3 4h2.5l2.2 11h10l2-8H6.4 M9 20a1 1 0 1 0 0-.01 M17 20a1 1 0 1 0 0-.01',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14z M16.2 16.2 21 21',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  cross: 'M6 6l12 12 M18 6L6 18',
  auto: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M12 3v18 M12 8l6-2 M12 13h9 M12 18l6-.6',
  light: 'M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9z M12 2v2 M12 20v2 M2 12h2 M20 12h2 M5 5l1.4 1.4 M17.6 17.6 19 19 M19 5l-1.4 1.4 M6.4 17.6 5 19',
  dark: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  box: 'M4 8l8-4.5L20 8v8.5l-8 4.5-8-4.5z M4 8l8 4.5L20 8 M12 12.5V21',
  back: 'M15 5l-7 7 7 7',
  exit: 'M14 4h5v16h-5 M4 12h11 M11 8l4 4-4 4',
};

/** @param {keyof typeof PATHS} name decorative: a label beside it names the action */
export function icon(name) {
  return svg('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' },
    svg('path', { d: PATHS[name] }));
}
