/**
 * Exponential backoff with full jitter: clients of a replica that failed do not reconnect at the same time.
 * @param {number} attempt from 0
 * @param {() => number} random 0 ≤ r < 1
 * @param {{ base: number, cap: number }} [bounds] milliseconds
 */
export function fullJitter(attempt, random, bounds = { base: 500, cap: 20_000 }) {
  const { base, cap } = bounds;
  return Math.round(random() * Math.min(cap, base * 2 ** Math.min(attempt, 16)));
}

/** @param {number} milliseconds @returns {Promise<void>} */
export function delay(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
