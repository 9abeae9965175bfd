import { Signal } from '../app/signal.js';
import { adding, parse, withQuantity } from './cart.js';

/** @typedef {import('./cart.js').Cart} Cart */

/**
 * The user's cart in `localStorage`: it survives a reload, and the browser tells the other tabs of every change.
 * What is stored is read again before each change, so that two tabs do not undo each other's.
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
  use(userId) {
    this.#key = userId === null ? '' : `waybill.cart.${userId}`;
    this.cart.value = this.#read();
  }

  /** @param {string} productId @param {number} [quantity] */
  add(productId, quantity) {
    this.#write(adding(this.#read(), productId, quantity));
  }

  /** @param {string} productId @param {number} quantity */
  set(productId, quantity) {
    this.#write(withQuantity(this.#read(), productId, quantity));
  }

  /**
   * Takes out what was ordered; what another tab put in meanwhile stays.
   * @param {{ productId: string, quantity: number }[]} ordered
   */
  settle(ordered) {
    this.#write(ordered.reduce(
      (cart, line) => withQuantity(cart, line.productId, (cart[line.productId] ?? 0) - line.quantity), this.#read()));
  }

  #read() {
    return this.#key ? parse(localStorage.getItem(this.#key)) : {};
  }

  /** @param {Cart} cart */
  #write(cart) {
    if (!this.#key) return;
    localStorage.setItem(this.#key, JSON.stringify(cart));
    this.cart.value = cart;
  }
}
