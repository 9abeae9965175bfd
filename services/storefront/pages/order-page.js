import { Problem } from '../rest/problem.js';
import { h } from '../app/dom.js';
import { moment, money } from '../app/format.js';
import { go } from '../app/router.js';
import { isFinal } from '../orders/status.js';
import { timeline } from '../parts/order-timeline.js';
import { back, badge, blank, busyButton, confirmed, failure, heading, picture } from '../parts/pieces.js';
import { View } from '../parts/view.js';

/** @typedef {import('../app/types.js').Order} Order */

export class OrderPage extends View {
  #app;
  #id;
  #status = h('div', { class: 'order-status' });
  #actions = h('div', { class: 'actions' });
  #isRemoved = false;

  /** @param {import('../app/app.js').App} app @param {number} id */
  constructor(app, id) {
    super();
    this.#app = app;
    this.#id = id;
  }

  render() {
    const { orders } = this.#app;
    const known = orders.book.get(this.#id);
    if (known) this.#frame(known);
    else this.replaceChildren(h('p', { class: 'waiting', role: 'status' }, 'Loading…'));
    this.until(orders.book.listen((order) => {
      if (order.id === this.#id) this.#show(order);
    }));
    this.until(orders.revision.watch(() => void this.#load()));
  }

  async #load() {
    try {
      const order = await this.#app.orders.load(this.#id);
      if (!this.contains(this.#status)) this.#frame(order);
    } catch (error) {
      if (this.#isRemoved) return;
      if (error instanceof Problem && (error.status === 404 || error.status === 400)) {
        this.replaceChildren(blank('No such order', 'It was deleted, or it was never yours.', h('a', { class: 'button', href: '#/orders' }, 'To your orders')));
      } else if (!this.contains(this.#status)) {
        this.replaceChildren(failure(error instanceof Problem ? error.message : 'Something went wrong.', () => void this.#load()));
      }
    }
  }

  /**
   * What does not change.
   * @param {Order} order
   */
  #frame(order) {
    this.replaceChildren(
      back('#/orders', 'Orders'),
      heading(`Order ${order.id}`, h('p', { class: 'result' }, h('time', { datetime: order.createdAt }, moment(order.createdAt)))),
      h('div', { class: 'order-detail' },
        h('section', { class: 'panel', 'aria-label': 'Progress' }, this.#status, this.#actions),
        h('section', { class: 'panel', 'aria-label': 'Products' },
          h('ul', { class: 'lines' }, order.items.map((item) => h('li', { class: 'line' },
            picture(item.imageUrl, 'line-picture'),
            h('a', { class: 'line-name', href: `#/products/${encodeURIComponent(item.productId)}` }, item.productName,
              h('small', {}, `${item.productId} · ${item.quantity} × ${money(item.unitPrice, order.currency)}`)),
            h('span', { class: 'line-total' }, money(Math.round(item.unitPrice * 100) * item.quantity / 100, order.currency))))),
          h('div', { class: 'summary-total' }, h('span', {}, 'Total'), h('strong', {}, money(order.total, order.currency))),
          h('p', { class: 'hint' }, 'Reference ', h('code', {}, order.correlationId)))));
    this.#show(order);
  }

  /** @param {Order} order */
  #show(order) {
    this.#status.replaceChildren(
      h('div', { role: 'status' }, badge(order.status)), timeline(order.status, this.#app.orders.book.times(order.id)));
    const name = isFinal(order.status) ? 'delete' : order.status === 'ACCEPTED' ? 'cancel' : '';
    if (this.#actions.dataset.offered === name) return;
    this.#actions.dataset.offered = name;
    this.#actions.replaceChildren(...this.#offers(order));
  }

  /** @param {Order} order */
  #offers(order) {
    if (isFinal(order.status)) return [busyButton('button button-plain', ['Delete this order'], () => this.#remove())];
    if (order.status === 'ACCEPTED') return [busyButton('button button-plain', ['Cancel this order'], () => this.#cancel())];
    return [];
  }

  async #cancel() {
    try {
      await this.#app.orders.cancel(this.#id);
    } catch (error) {
      this.#app.toast(error instanceof Problem ? error.message : 'It could not be cancelled.', 'bad');
      void this.#load();
    }
  }

  async #remove() {
    if (!await confirmed(`Delete order ${this.#id}?`, 'It disappears from your list. This cannot be undone.', 'Delete')) return;
    try {
      this.#isRemoved = true;
      await this.#app.orders.remove(this.#id);
      this.#app.toast(`Order ${this.#id} is deleted`);
      go('/orders');
    } catch (error) {
      this.#isRemoved = false;
      this.#app.toast(error instanceof Problem ? error.message : 'It could not be deleted.', 'bad');
    }
  }
}
customElements.define('order-page', OrderPage);
