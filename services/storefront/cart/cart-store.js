import { Signal } from '../app/signal.js';
import { local } from '../app/storage.js';
import { addToCart, parseCart, removeItems, setQuantity } from './cart.js';

/** @typedef {import('./cart.js').Cart} Cart */

/**
 * The user's cart in `localStorage`, shared by all tabs. Each change starts from the stored cart, so that a tab does
 * not overwrite the changes of another.
 */
export class CartStore {
  /** @type {Signal<Cart>} */
  cart = new Signal({});
  #key = '';

  constructor() {
    addEventListener('storage', (event) => {
      if (event.key === this.#key || event.key === null) this.cart.value = this.#read();
    });
  }

  /** @param {string|null} userId */
  setUser(userId) {
    this.#key = userId === null ? '' : keyOf(userId);
    this.cart.value = this.#read();
  }

  /** @param {string} productId @param {number} [quantity] */
  add(productId, quantity) {
    this.#write(addToCart(this.#read(), productId, quantity));
  }

  /** @param {string} productId @param {number} quantity */
  setQuantity(productId, quantity) {
    this.#write(setQuantity(this.#read(), productId, quantity));
  }

  /** @param {Cart} cart */
  replace(cart) {
    this.#write(cart);
  }

  /**
   * Removes what was ordered; what another tab has added since is kept.
   * @param {string} userId who ordered it
   * @param {import('./cart.js').Items} ordered
   */
  removeOrdered(userId, ordered) {
    const key = keyOf(userId);
    this.#write(removeItems(this.#read(key), ordered), key);
  }

  #read(key = this.#key) {
    return key ? parseCart(local.getItem(key)) : {};
  }

  /** @param {Cart} cart */
  #write(cart, key = this.#key) {
    if (!key) return;
    if (Object.keys(cart).length === 0) local.removeItem(key);
    else local.setItem(key, JSON.stringify(cart));
    if (key === this.#key) this.cart.value = cart;
  }
}

/** @param {string} userId */
function keyOf(userId) {
  return `waybill.cart.${userId}`;
}
