/**
 * Quantities by product code. A cart is immutable: these functions return the changed cart.
 * @typedef {Readonly<Record<string, number>>} Cart
 * @typedef {{ productId: string, quantity: number }[]} Items  of an order
 */

export const MAX_QUANTITY = 1000; // of one product; the service's limit
export const MAX_LINES = 100; // of an order; the service's limit

/**
 * @param {Cart} cart @param {string} productId @param {number} quantity 0 removes the line
 * @returns {Cart}
 */
export function setQuantity(cart, productId, quantity) {
  const { [productId]: _, ...others } = cart;
  const allowed = Math.min(Math.trunc(quantity), MAX_QUANTITY);
  if (!(allowed > 0)) return others;
  if (!Object.hasOwn(cart, productId) && Object.keys(cart).length >= MAX_LINES) return cart;
  // Overwrites the old line, so that its place in the list is kept.
  return { ...cart, [productId]: allowed };
}

/** @param {Cart} cart @param {string} productId such as `constructor`, which each object has */
function quantityOf(cart, productId) {
  return Object.hasOwn(cart, productId) ? cart[productId] ?? 0 : 0;
}

/** @param {Cart} cart @param {string} productId @param {number} [quantity] @returns {Cart} */
export function addToCart(cart, productId, quantity = 1) {
  return setQuantity(cart, productId, quantityOf(cart, productId) + quantity);
}

/** @param {Cart} cart @param {Items} items @returns {Cart} */
export function removeItems(cart, items) {
  return items.reduce((rest, line) => setQuantity(rest, line.productId, quantityOf(rest, line.productId) - line.quantity), cart);
}

/** @param {Cart} cart */
export function itemCount(cart) {
  return Object.values(cart).reduce((sum, quantity) => sum + quantity, 0);
}

/** @param {Cart} cart @returns {Items} */
export function orderItems(cart) {
  return Object.entries(cart).map(([productId, quantity]) => ({ productId, quantity }));
}

/**
 * Adds up in cents, because 0.1 + 0.2 is not 0.3.
 * @param {Cart} cart @param {Map<string, { price: number }>} products
 */
export function cartTotal(cart, products) {
  const cents = orderItems(cart).reduce(
    (sum, line) => sum + Math.round((products.get(line.productId)?.price ?? 0) * 100) * line.quantity, 0);
  return cents / 100;
}

/** @param {string|null} text as any version stored it @returns {Cart} */
export function parseCart(text) {
  try {
    const stored = JSON.parse(text ?? '{}');
    return Object.entries(stored).reduce(
      (cart, [id, quantity]) => setQuantity(cart, id, Number(quantity)), /** @type {Cart} */ ({}));
  } catch {
    return {};
  }
}
