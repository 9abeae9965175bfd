/** @typedef {import('../app/types.js').OrderStatus} OrderStatus */

/** @type {Record<OrderStatus, { rank: number, label: string }>} */
const STATUSES = {
  ACCEPTED: { rank: 0, label: 'Accepted' },
  PROCESSING: { rank: 1, label: 'Processing' },
  FAILED: { rank: 2, label: 'Failed' },
  CANCELLED: { rank: 3, label: 'Cancelled' },
  COMPLETED: { rank: 3, label: 'Completed' },
};

/** @param {OrderStatus} status one that is not known yet to this page has its own name */
export function label(status) {
  return STATUSES[status]?.label ?? String(status);
}

/**
 * Whether the status changes no more by itself.
 * @param {OrderStatus} status
 */
export function isFinal(status) {
  return rank(status) >= 2;
}

/**
 * A status never goes backwards, whichever of REST and live updates is faster. A FAILED order may still complete: an
 * operator can replay its message.
 * @param {OrderStatus} known @param {OrderStatus} received @returns {OrderStatus}
 */
export function latestStatus(known, received) {
  return rank(received) > rank(known) ? received : known;
}

/** @param {OrderStatus} status */
function rank(status) {
  return STATUSES[status]?.rank ?? -1;
}
