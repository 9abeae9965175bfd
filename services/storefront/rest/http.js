/**
 * For `fetch`, which waits for ever otherwise.
 * @param {number} milliseconds
 */
export function deadline(milliseconds) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), milliseconds);
  return controller.signal;
}
