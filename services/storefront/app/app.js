import { CartStore } from '../cart/cart-store.js';
import { Checkout } from '../cart/checkout.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { LiveUpdates } from '../live/live-updates.js';
import { isFinal, label } from '../orders/order-status.js';
import { Orders } from '../orders/orders.js';
import { OrderAPI } from '../rest/order-api.js';
import { Session } from '../session/session.js';
import { Signal } from './signal.js';
import { local } from './storage.js';
import { ThemePreference } from './theme.js';

/**
 * Replaces an earlier toast with the same `href`.
 * @typedef {{ id: number, text: string, tone: 'success'|'error'|'info', href?: string }} Toast
 */

const TOAST_DURATION = 6_000; // milliseconds
const MAX_TOASTS = 3;

/** The objects that the shop's pages share, created once per tab. */
export class App {
  theme = new ThemePreference();
  session = new Session();
  api = new OrderAPI(this.session);
  cart = new CartStore();
  checkout = new Checkout(this.api, local);
  catalogue = new Catalogue(this.api);
  live = new LiveUpdates(this.session);
  orders = new Orders(this.api, this.checkout, this.live);
  /** @type {Signal<Toast[]>} */
  toasts = new Signal(/** @type {Toast[]} */ ([]));
  #lastToastID = 0;

  constructor() {
    let userId = '';
    this.session.current.watch((current) => {
      const newUserId = current?.userId ?? '';
      if (newUserId !== userId) this.orders.store.clear();
      userId = newUserId;
      this.cart.setUser(newUserId || null);
    });
    this.orders.store.lastChange.listen(({ order, previousStatus }) => {
      if (previousStatus === null || previousStatus === order.status || !isFinal(order.status)) return;
      const tone = order.status === 'COMPLETED' ? 'success' : order.status === 'FAILED' ? 'error' : 'info';
      this.toast(`Order ${order.id}: ${label(order.status).toLowerCase()}`, tone, `#/orders/${order.id}`);
    });
  }

  /** @param {string} text @param {Toast['tone']} [tone] @param {string} [href] */
  toast(text, tone = 'info', href) {
    this.#lastToastID += 1;
    const id = this.#lastToastID;
    const others = this.toasts.value.filter((toast) => href === undefined || toast.href !== href);
    this.toasts.value = [...others.slice(1 - MAX_TOASTS), { id, text, tone, href }];
    setTimeout(() => this.dismiss(id), TOAST_DURATION);
  }

  /** @param {number} id */
  dismiss(id) {
    this.toasts.value = this.toasts.value.filter((toast) => toast.id !== id);
  }
}
