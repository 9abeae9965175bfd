const dateTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** @param {number} amount @param {string} [currency] */
export function money(amount, currency = 'EUR') {
  return new Intl.NumberFormat('en-IE', { style: 'currency', currency }).format(amount);
}

/** @param {string} time RFC 3339 */
export function moment(time) {
  return dateTime.format(new Date(time));
}

/** @param {string|number} time RFC 3339 or milliseconds */
export function timeOfDay(time) {
  return clock.format(new Date(time));
}

/** @param {number} count @param {string} noun */
export function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** @param {import('./types.js').Product} product */
export function billing(product) {
  const period = product.billingPeriod === 'Monthly' ? 'month' : 'year';
  return product.isSubscription ? `per ${period}` : `one ${period}'s access`;
}
