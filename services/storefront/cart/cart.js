/**
 * A cart is product codes and quantities, and is never changed in place: these functions give the next one.
 * @typedef {Readonly<Record<string, number>>} Cart
 */

export const MOST = 1000; // of one product; the service's limit
export const LINES = 100; // of an order; the service's limit

/**
 * @param {Cart} cart @param {string} productId @param {number} quantity 0 removes the line
 * @returns {Cart}
 */
export function withQuantity(cart, productId, quantity) {
  const { [productId]: _, ...others } = cart;
  const whole = Math.min(Math.trunc(quantity), MOST);
  if (!(whole > 0)) return others;
  if (!(productId in cart) && Object.keys(cart).length >= LINES) return cart;
  // Assigned in place of the old line, so that a line keeps its place in the list.
  return { ...cart, [productId]: whole };
}

/** @param {Cart} cart @param {string} productId @param {number} [quantity] @returns {Cart} */
export function adding(cart, productId, quantity = 1) {
  return withQuantity(cart, productId, (cart[productId] ?? 0) + quantity);
}

/** @param {Cart} cart */
export function pieces(cart) {
  return Object.values(cart).reduce((sum, quantity) => sum + quantity, 0);
}

/** @param {Cart} cart */
export function items(cart) {
  return Object.entries(cart).map(([productId, quantity]) => ({ productId, quantity }));
}

/**
 * In cents, because 0.1 + 0.2 is not 0.3.
 * @param {Cart} cart @param {Map<string, { price: number }>} products
 */
export function total(cart, products) {
  const cents = items(cart).reduce(
    (sum, line) => sum + Math.round((products.get(line.productId)?.price ?? 0) * 100) * line.quantity, 0);
  return cents / 100;
}

/** @param {string|null} text what was stored, by whatever version @returns {Cart} */
export function parse(text) {
  try {
    const stored = JSON.parse(text ?? '{}');
    return Object.entries(stored).reduce(
      (cart, [id, quantity]) => withQuantity(cart, id, Number(quantity)), /** @type {Cart} */ ({}));
  } catch {
    return {};
  }
}
