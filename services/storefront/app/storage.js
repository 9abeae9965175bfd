/**
 * The browser's storages, whose access may throw: site data is blocked, or the storage is full. What cannot be stored is kept
 * in memory, for as long as the page is open.
 */

class SafeStorage {
  /** @type {'localStorage'|'sessionStorage'} */
  #name;
  /** @type {Map<string, string>} what the browser did not take */
  #kept = new Map();

  /** @param {'localStorage'|'sessionStorage'} name */
  constructor(name) {
    this.#name = name;
  }

  /** @param {string} key @returns {string|null} */
  getItem(key) {
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    try {
      return globalThis[this.#name].getItem(key);
    } catch {
      return null;
    }
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    try {
      globalThis[this.#name].setItem(key, value);
      this.#kept.delete(key);
    } catch {
      this.#kept.set(key, value);
    }
  }

  /** @param {string} key */
  removeItem(key) {
    this.#kept.delete(key);
    try {
      globalThis[this.#name].removeItem(key);
    } catch {
      // There is nothing to remove.
    }
  }
}

/** Shared by the tabs of this origin. */
export const local = new SafeStorage('localStorage');

/** Of this tab. */
export const session = new SafeStorage('sessionStorage');
