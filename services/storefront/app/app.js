import { CartStore } from '../cart/cart-store.js';
import { Checkout } from '../cart/checkout.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { LiveUpdates } from '../live/live-updates.js';
import { isFinal, label } from '../orders/order-status.js';
import { Orders } from '../orders/orders.js';
import { OrderAPI } from '../rest/order-api.js';
import { Session } from '../session/session.js';
import { LAST_USER_KEY } from '../session/sign-in-options.js';
import { clearAddress } from './router.js';
import { Signal } from './signal.js';
import { local } from './storage.js';
import { ThemePreference } from './theme.js';

/**
 * Replaces an earlier toast with the same `href`.
 * @typedef {{ id: number, text: string, tone: 'success'|'error'|'info', href?: string }} Toast
 */

const SESSION_KEY = 'waybill.session';
const TOAST_DURATION = 6_000; // milliseconds
const MAX_TOASTS = 3;

/** The objects that the shop's pages share, created once per tab. */
export class App {
  theme = new ThemePreference();
  session = new Session(SESSION_KEY);
  api = new OrderAPI(this.session);
  cart = new CartStore();
  checkout = new Checkout(this.api, local);
  catalogue = new Catalogue(this.api);
  live = new LiveUpdates(this.session);
  orders = new Orders(this.api, this.checkout, this.live);
  /** @type {Signal<Toast[]>} */
  toasts = new Signal(/** @type {Toast[]} */ ([]));
  /** What ordering again has left out, until the cart is left. */
  leftOut = new Signal('');
  /** Incremented when the services may be reachable again: pages try again what has failed. */
  recovered = new Signal(0);
  #lastToastID = 0;
  /** Whose pages the address may name; empty once that user has signed out. */
  #lastUserId = '';

  constructor() {
    this.#watchUser();
    this.#watchNetwork();
    this.orders.store.lastChange.listen(({ order, previousStatus }) => {
      if (previousStatus === null || previousStatus === order.status || !isFinal(order.status)) return;
      const tone = order.status === 'COMPLETED' ? 'success' : order.status === 'FAILED' ? 'error' : 'info';
      this.toast(`Order ${order.id}: ${label(order.status).toLowerCase()}`, tone, `#/orders/${order.id}`);
    });
  }

  /** Leaves nothing of the user in this browser's tabs; the cart is kept for the user's return. */
  async signOut() {
    local.removeItem(LAST_USER_KEY);
    this.#forgetAddress();
    await this.session.signOut();
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

  #forgetAddress() {
    this.#lastUserId = '';
    clearAddress();
  }

  /** A user whose sign-in has expired finds the page again; another user does not. */
  #watchUser() {
    let userId = '';
    this.session.current.watch((current) => {
      const newUserId = current?.userId ?? '';
      if (userId && newUserId !== userId) {
        this.orders.store.clear();
        this.toasts.value = [];
        this.leftOut.value = '';
      }
      if (newUserId && this.#lastUserId && newUserId !== this.#lastUserId) clearAddress();
      userId = newUserId;
      this.#lastUserId = newUserId || this.#lastUserId;
      this.cart.setUser(newUserId || null);
    });
    addEventListener('storage', (event) => {
      if (event.key === SESSION_KEY && event.newValue === null) this.#forgetAddress(); // signed out in another tab
    });
  }

  #watchNetwork() {
    const recover = () => {
      if (this.catalogue.state.value.phase === 'failed') void this.catalogue.load();
      for (const image of document.images) {
        if (image.complete && image.naturalWidth === 0) image.src = image.src;
      }
      this.recovered.value += 1;
    };
    addEventListener('online', recover);
    let wasLost = false;
    this.live.state.listen(({ phase }) => {
      if (phase === 'connected' && wasLost) recover();
      wasLost = phase === 'waiting' || phase === 'offline' || (wasLost && phase === 'connecting');
    });
  }
}
