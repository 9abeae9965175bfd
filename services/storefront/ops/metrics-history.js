/** @typedef {import('./types.js').StatusSnapshot} StatusSnapshot */
/** @typedef {import('./types.js').OrderEvent} OrderEvent */

/**
 * @typedef {object} MetricsPoint  between two snapshots
 * @property {number} at  milliseconds since 1970
 * @property {number} accepted  orders per second
 * @property {number} processed  orders per second
 * @property {number} failed  orders per second
 * @property {number} pushed  updates per second, over all sessions
 * @property {number|null} p50  milliseconds from accepted to processed
 * @property {number|null} p99  milliseconds from accepted to processed
 * @property {number|null} pushLatency  milliseconds from an update to its push, mean
 */

export const HISTORY_LENGTH = 120; // points, one per second
const MAX_DURATIONS = 1000; // between two snapshots

/** Rates and latencies over time, from the counters of the services and the order events. */
export class MetricsHistory {
  /** @type {MetricsPoint[]} */
  points = [];
  /** @type {StatusSnapshot|null} */
  #previous = null;
  /** @type {number[]} */
  #durations = [];

  /** @param {OrderEvent[]} events */
  addEvents(events) {
    const processed = events.filter((event) => event.type.startsWith('order.processed') && event.tookMs !== undefined);
    this.#durations = [...this.#durations, ...processed.map((event) => event.tookMs ?? 0)].slice(-MAX_DURATIONS);
  }

  /** @param {StatusSnapshot} snapshot */
  addSnapshot(snapshot) {
    const previous = this.#previous;
    this.#previous = snapshot;
    const durations = this.#durations.sort((a, b) => a - b);
    this.#durations = [];
    if (!previous || snapshot.at <= previous.at) return;
    const seconds = (snapshot.at - previous.at) / 1000;
    const rate = (/** @type {string} */ name) => counterIncrease(previous, snapshot, name) / seconds;
    const pushes = counterIncrease(previous, snapshot, 'waybill_notification_delivery_seconds_count');
    this.points = [...this.points, {
      at: snapshot.at, accepted: rate('waybill_orders_accepted_total'), processed: rate('waybill_orders_processed_total{outcome="completed"}'),
      failed: rate('waybill_orders_processed_total{outcome="failed"}'), pushed: rate('waybill_notification_pushes_total'),
      p50: percentile(durations, 0.5), p99: percentile(durations, 0.99),
      pushLatency: pushes > 0 ? counterIncrease(previous, snapshot, 'waybill_notification_delivery_seconds_sum') / pushes * 1000 : null,
    }].slice(-HISTORY_LENGTH);
  }
}

/**
 * The increase of a counter over all services. The counters of a restarted service start from 0.
 * @param {StatusSnapshot} previous @param {StatusSnapshot} current @param {string} name with or without labels
 */
export function counterIncrease(previous, current, name) {
  let sum = 0;
  for (const service of current.services) {
    const previousSamples = previous.services.find((one) => one.url === service.url)?.samples;
    // A service without a previous sample counts from the next snapshot on.
    if (!service.samples || !previousSamples) continue;
    for (const [sample, value] of Object.entries(service.samples)) {
      if (sample !== name && !sample.startsWith(`${name}{`)) continue;
      const previousValue = previousSamples[sample] ?? 0;
      sum += value >= previousValue ? value - previousValue : value;
    }
  }
  return sum;
}

/** @param {number[]} sorted @param {number} fraction 0…1 @returns {number|null} */
export function percentile(sorted, fraction) {
  if (sorted.length === 0) return null;
  return sorted[Math.min(sorted.length - 1, Math.ceil(fraction * sorted.length) - 1)] ?? null;
}

/**
 * The end of an axis: 1, 2 or 5 times a power of ten, at or above `value`.
 * @param {number} value
 */
export function axisMaximum(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value) ?? 10 * power;
}
