/** @typedef {import('./types.js').History} History */

const CAPACITY = 720; // points, one each five seconds

/** Rates and latencies of the last hour, as the console service keeps them. */
export class MetricsHistory {
  /** @type {string[]} */
  #names = [];
  /** @type {(number|null)[][]} */
  #points = [];

  /** @param {History} history all that there is */
  replace({ names, points }) {
    this.#names = names;
    this.#points = points;
  }

  /** @param {(number|null)[]} point */
  add(point) {
    const last = this.#points.at(-1)?.[0] ?? 0;
    if ((point[0] ?? 0) > (last ?? 0)) this.#points = [...this.#points, point].slice(-CAPACITY);
  }

  /**
   * The time and the values of some series.
   * @param {string[]} names
   * @returns {[Date, ...(number|null)[]][]}
   */
  rows(names) {
    const columns = names.map((name) => this.#names.indexOf(name));
    return this.#points.map((point) => [new Date(point[0] ?? 0), ...columns.map((column) => point[column] ?? null)]);
  }
}
