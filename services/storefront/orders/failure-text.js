/**
 * Why an order failed, and what to do, by the API's `failure.code`.
 * @type {Record<string, string>}
 */
export const FAILURE_TEXTS = {
  product_unavailable: 'A product of this order is no longer sold, so the order could not be carried out. You can order again what is still sold.',
  invalid_order: 'Something in this order could not be read, so it could not be carried out. Please order again.',
  processing_failed: 'A fault on our side kept this order from being carried out, although it was tried several times. Please order again in a while.',
};

const UNKNOWN_CODE = 'This order could not be carried out. You can order again; if that fails too, please tell us the reference below.';
const NOTHING_CHARGED = 'Nothing was charged.';

/**
 * @param {{ code: string }|undefined} failure undefined when the reason is not known yet
 * @returns {string}
 */
export function failureText(failure) {
  if (!failure) return `This order could not be carried out. ${NOTHING_CHARGED}`;
  const text = Object.hasOwn(FAILURE_TEXTS, failure.code) ? FAILURE_TEXTS[failure.code] : UNKNOWN_CODE;
  return `${text} ${NOTHING_CHARGED}`;
}
