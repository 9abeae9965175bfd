/**
 * An observable value.
 * @template T
 */
export class Signal {
  /** @type {Set<(value: T) => void>} */
  #listeners = new Set();
  #value;

  /** @param {T} value */
  constructor(value) {
    this.#value = value;
  }

  get value() {
    return this.#value;
  }

  set value(value) {
    this.#value = value;
    for (const listener of [...this.#listeners]) listener(value);
  }

  /**
   * Calls `listener` now and after each change.
   * @param {(value: T) => void} listener
   * @returns {() => void} unsubscribes
   */
  watch(listener) {
    listener(this.#value);
    return this.listen(listener);
  }

  /**
   * Calls `listener` after each change.
   * @param {(value: T) => void} listener
   * @returns {() => void} unsubscribes
   */
  listen(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
