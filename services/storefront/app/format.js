const dateTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** @param {number} amount @param {string} [currency] */
export function formatMoney(amount, currency = 'EUR') {
  return new Intl.NumberFormat('en-IE', { style: 'currency', currency }).format(amount);
}

/**
 * Multiplies in cents, because 0.1 + 0.2 is not 0.3.
 * @param {number} price @param {number} quantity
 */
export function multiplyPrice(price, quantity) {
  return Math.round(price * 100) * quantity / 100;
}

/** @param {string} timestamp RFC 3339 */
export function formatDateTime(timestamp) {
  return dateTime.format(new Date(timestamp));
}

/** @param {string|number} timestamp RFC 3339 or milliseconds since 1970 */
export function formatTime(timestamp) {
  return time.format(new Date(timestamp));
}

/** @param {number} count @param {string} noun */
export function pluralize(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** @param {import('./types.js').Product} product */
export function billingText(product) {
  const period = product.billingPeriod === 'Monthly' ? 'month' : 'year';
  return product.isSubscription ? `per ${period}` : `for one ${period} of access`;
}

/**
 * `5006` for `order-notification@5006`.
 * @param {string} replica
 */
export function replicaPort(replica) {
  return replica.slice(replica.lastIndexOf('@') + 1);
}
