/** @typedef {import('./types.js').State} State */
/** @typedef {import('./types.js').Entry} Entry */

/**
 * @typedef {object} Figures  of one second or so
 * @property {number} at
 * @property {number} accepted  a second
 * @property {number} processed  a second
 * @property {number} failed  a second
 * @property {number} pushed  a second, to all tabs together
 * @property {number|null} half  of the orders were done within so many milliseconds
 * @property {number|null} most  99 of 100 were
 * @property {number|null} push  milliseconds from an update to its push, on average
 */

export const SECONDS = 120; // of history

/** Numbers of each second, from counters that only grow and from what is told of single orders. */
export class History {
  /** @type {Figures[]} */
  points = [];
  /** @type {State|null} */
  #before = null;
  /** @type {number[]} */
  #times = [];

  /** @param {Entry[]} entries */
  heard(entries) {
    const times = entries.filter((entry) => entry.type.startsWith('order.processed') && entry.tookMs !== undefined);
    this.#times = [...this.#times, ...times.map((entry) => entry.tookMs ?? 0)].slice(-1000);
  }

  /** @param {State} state */
  saw(state) {
    const before = this.#before;
    this.#before = state;
    const times = this.#times.sort((a, b) => a - b);
    this.#times = [];
    if (!before || state.at <= before.at) return;
    const seconds = (state.at - before.at) / 1000;
    const rate = (/** @type {string} */ name) => grown(before, state, name) / seconds;
    const pushes = grown(before, state, 'notify_push_latency_seconds_count');
    this.points = [...this.points, {
      at: state.at, accepted: rate('orders_accepted_total'), processed: rate('waybill_orders_total{outcome="completed"}'),
      failed: rate('waybill_orders_total{outcome="failed"}'), pushed: rate('notify_pushes_total'),
      half: percentile(times, 0.5), most: percentile(times, 0.99),
      push: pushes > 0 ? grown(before, state, 'notify_push_latency_seconds_sum') / pushes * 1000 : null,
    }].slice(-SECONDS);
  }
}

/**
 * By how much the samples of a name grew on all services together. A service that was started again counts from 0.
 * @param {State} before @param {State} now @param {string} name with or without labels
 */
export function grown(before, now, name) {
  let sum = 0;
  for (const service of now.services) {
    const old = before.services.find((one) => one.url === service.url)?.samples;
    // One that was away, or is seen for the first time, shows next time what it did.
    if (!service.samples || !old) continue;
    for (const [sample, value] of Object.entries(service.samples)) {
      if (sample !== name && !sample.startsWith(`${name}{`)) continue;
      const was = old[sample] ?? 0;
      sum += value >= was ? value - was : value;
    }
  }
  return sum;
}

/** @param {number[]} sorted @param {number} part 0…1 @returns {number|null} */
export function percentile(sorted, part) {
  if (sorted.length === 0) return null;
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? null;
}

/**
 * A round number at or above `value`: 1, 2 or 5 times a power of ten.
 * @param {number} value
 */
export function ceiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value) ?? 10 * power;
}
