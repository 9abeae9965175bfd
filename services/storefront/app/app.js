import { Client } from '../rest/client.js';
import { CartStore } from '../cart/cart-store.js';
import { Checkout } from '../cart/checkout.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { Live } from '../live/live.js';
import { Orders } from '../orders/orders.js';
import { isFinal, label } from '../orders/status.js';
import { Session } from '../session/session.js';
import { Signal } from './signal.js';
import { ThemeChoice } from './theme.js';

/** @typedef {{ id: number, text: string, tone: 'good'|'bad'|'plain', href?: string }} Toast  the next one about the same `href` takes its place */

const TOAST_FOR = 6_000; // milliseconds

/** Everything that pages need, put together once a tab. */
export class App {
  theme = new ThemeChoice();
  session = new Session();
  client = new Client(this.session);
  cart = new CartStore();
  checkout = new Checkout(this.client, localStorage);
  catalogue = new Catalogue(this.client);
  live = new Live(this.session);
  orders = new Orders(this.client, this.checkout, this.live);
  /** @type {Signal<Toast[]>} */
  toasts = new Signal(/** @type {Toast[]} */ ([]));
  #lastToast = 0;

  constructor() {
    let userId = '';
    this.session.current.watch((current) => {
      const next = current?.userId ?? '';
      if (next !== userId) this.orders.book.clear();
      userId = next;
      this.cart.use(next || null);
    });
    this.orders.book.listen((order, before) => {
      if (before === null || before === order.status || !isFinal(order.status)) return;
      const tone = order.status === 'COMPLETED' ? 'good' : order.status === 'FAILED' ? 'bad' : 'plain';
      this.toast(`Order ${order.id}: ${label(order.status).toLowerCase()}`, tone, `#/orders/${order.id}`);
    });
  }

  /** @param {string} text @param {Toast['tone']} [tone] @param {string} [href] */
  toast(text, tone = 'plain', href) {
    this.#lastToast += 1;
    const id = this.#lastToast;
    const others = this.toasts.value.filter((toast) => href === undefined || toast.href !== href);
    this.toasts.value = [...others.slice(-2), { id, text, tone, href }];
    setTimeout(() => this.dismiss(id), TOAST_FOR);
  }

  /** @param {number} id */
  dismiss(id) {
    this.toasts.value = this.toasts.value.filter((toast) => toast.id !== id);
  }
}
