/** @typedef {import('../app/types.js').OrderStatus} OrderStatus */

/** @type {Record<OrderStatus, { rank: number, label: string }>} */
const STATUSES = {
  ACCEPTED: { rank: 0, label: 'Accepted' },
  PROCESSING: { rank: 1, label: 'Processing' },
  FAILED: { rank: 2, label: 'Failed' },
  CANCELLED: { rank: 3, label: 'Cancelled' },
  COMPLETED: { rank: 3, label: 'Completed' },
};

/** @param {OrderStatus} status */
export function label(status) {
  return STATUSES[status].label;
}

/**
 * Whether nothing more happens by itself.
 * @param {OrderStatus} status
 */
export function isFinal(status) {
  return STATUSES[status].rank >= 2;
}

/**
 * What is known after hearing `heard`: a status never goes backwards, whichever of two channels was faster. Only a
 * failed order may still get on: an operator can send it again.
 * @param {OrderStatus} known @param {OrderStatus} heard @returns {OrderStatus}
 */
export function later(known, heard) {
  return STATUSES[heard]?.rank > STATUSES[known].rank ? heard : known;
}
