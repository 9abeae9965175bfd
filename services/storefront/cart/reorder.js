import { addToCart } from './cart.js';

/** @typedef {import('./cart.js').Cart} Cart */
/** @typedef {{ cart: Cart, added: number, notSold: string[], noRoom: string[] }} Reorder  `added` lines; names of the others */

/**
 * Adds the lines of an earlier order to a cart, as far as their products are still sold and the cart has room.
 * @param {Cart} cart
 * @param {{ productId: string, productName: string, quantity: number }[]} lines
 * @param {{ has(productId: string): boolean }} products that are sold
 * @returns {Reorder}
 */
export function reorder(cart, lines, products) {
  /** @type {Reorder} */
  const result = { cart, added: 0, notSold: [], noRoom: [] };
  for (const { productId, productName, quantity } of lines) {
    const name = productName || productId;
    if (!products.has(productId)) {
      result.notSold.push(name);
      continue;
    }
    result.cart = addToCart(result.cart, productId, quantity);
    if (Object.hasOwn(result.cart, productId)) result.added += 1;
    else result.noRoom.push(name);
  }
  return result;
}

/** @param {Pick<Reorder, 'notSold'|'noRoom'>} reorder @returns {string} empty when nothing was left out */
export function leftOutText({ notSold, noRoom }) {
  return [
    notSold.length > 0 ? `No longer sold, and left out: ${notSold.join(', ')}.` : '',
    noRoom.length > 0 ? `The cart is full, and this was left out: ${noRoom.join(', ')}.` : '',
  ].filter(Boolean).join(' ');
}
