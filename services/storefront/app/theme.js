import { Signal } from './signal.js';
import { local } from './storage.js';

/** @typedef {'auto'|'light'|'dark'} Theme */

const KEY = 'waybill.theme';
const NEXT = /** @type {const} */ ({ auto: 'light', light: 'dark', dark: 'auto' });

/** Light, dark, or the system setting; shared by all tabs. */
export class ThemePreference {
  /** @type {Signal<Theme>} */
  theme = new Signal(stored());

  constructor() {
    addEventListener('storage', (event) => {
      if (event.key === KEY) this.theme.value = stored();
    });
    this.theme.watch((theme) => {
      if (theme === 'auto') delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = theme;
    });
  }

  next() {
    const theme = NEXT[this.theme.value];
    local.setItem(KEY, theme);
    this.theme.value = theme;
  }
}

/** @returns {Theme} */
function stored() {
  const value = local.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'auto';
}
