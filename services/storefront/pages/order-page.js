import { h } from '../app/dom.js';
import { formatDateTime, formatMoney, multiplyPrice } from '../app/format.js';
import { navigate } from '../app/router.js';
import { isFinal } from '../orders/order-status.js';
import { errorText, Problem } from '../rest/problem.js';
import { actionButton, backLink, confirmDialog, emptyState, errorState, loadingText, pageHeading, productImage, statusBadge } from '../ui/components.js';
import { orderTimeline } from '../ui/order-timeline.js';
import { View } from '../ui/view.js';

/** @typedef {import('../app/types.js').Order} Order */

export function noSuchOrder() {
  return emptyState('No such order', 'The order was deleted, or it belongs to another user.', h('a', { class: 'button', href: '#/orders' }, 'To your orders'));
}

export class OrderPage extends View {
  #app;
  #id;
  #status = h('div', { class: 'order-status' });
  #actions = h('div', { class: 'actions' });
  #isDeleted = false;

  /** @param {import('../app/app.js').App} app @param {number} id */
  constructor(app, id) {
    super();
    this.#app = app;
    this.#id = id;
  }

  render() {
    const { orders } = this.#app;
    const known = orders.store.get(this.#id);
    if (known) this.#renderOrder(known);
    else this.replaceChildren(loadingText());
    this.addCleanup(orders.store.lastChange.listen(({ order }) => {
      if (order.id === this.#id) this.#show(order);
    }));
    this.addCleanup(orders.revision.watch(() => void this.#load()));
  }

  async #load() {
    try {
      const order = await this.#app.orders.load(this.#id);
      if (!this.contains(this.#status)) this.#renderOrder(order);
    } catch (error) {
      if (this.#isDeleted) return;
      if (error instanceof Problem && (error.status === 404 || error.status === 400)) {
        this.replaceChildren(noSuchOrder());
      } else if (!this.contains(this.#status)) {
        this.replaceChildren(errorState(error, () => void this.#load()));
      }
    }
  }

  /**
   * Renders the parts that do not change.
   * @param {Order} order
   */
  #renderOrder(order) {
    this.replaceChildren(
      backLink('#/orders', 'Orders'),
      pageHeading(`Order ${order.id}`, h('p', { class: 'heading-note' }, h('time', { datetime: order.createdAt }, formatDateTime(order.createdAt)))),
      h('div', { class: 'order-detail' },
        h('section', { class: 'panel', 'aria-label': 'Progress' }, this.#status, this.#actions),
        h('section', { class: 'panel', 'aria-label': 'Products' },
          h('ul', { class: 'lines' }, order.items.map((item) => h('li', { class: 'line' },
            productImage(item.imageUrl, 'line-image'),
            h('a', { class: 'line-name', href: `#/products/${encodeURIComponent(item.productId)}` }, item.productName,
              h('small', {}, `${item.productId} · ${item.quantity} × ${formatMoney(item.unitPrice, order.currency)}`)),
            h('span', { class: 'line-total' }, formatMoney(multiplyPrice(item.unitPrice, item.quantity), order.currency))))),
          h('div', { class: 'summary-total' }, h('span', {}, 'Total'), h('strong', {}, formatMoney(order.total, order.currency))),
          h('p', { class: 'hint' }, 'Reference ', h('code', {}, order.correlationId)))));
    this.#show(order);
  }

  /** @param {Order} order */
  #show(order) {
    this.#status.replaceChildren(
      h('div', { role: 'status' }, statusBadge(order.status), order.failure ? h('p', { class: 'hint' }, order.failure.detail) : ''),
      orderTimeline(order.status, this.#app.orders.store.times(order.id)));
    const name = isFinal(order.status) ? 'delete' : order.status === 'ACCEPTED' ? 'cancel' : 'none';
    if (this.#actions.dataset.available === name) return;
    this.#actions.dataset.available = name;
    this.#actions.replaceChildren(...this.#buttons(order));
  }

  /** @param {Order} order */
  #buttons(order) {
    if (isFinal(order.status)) return [actionButton('button button-plain', ['Delete this order'], () => this.#delete())];
    if (order.status === 'ACCEPTED') return [actionButton('button button-plain', ['Cancel this order'], () => this.#cancel())];
    return [];
  }

  async #cancel() {
    try {
      await this.#app.orders.cancel(this.#id);
    } catch (error) {
      this.#app.toast(errorText(error, 'The order could not be cancelled.'), 'error');
      void this.#load();
    }
  }

  async #delete() {
    if (!await confirmDialog(`Delete order ${this.#id}?`, 'The order is removed from your list. This cannot be undone.', 'Delete')) return;
    try {
      this.#isDeleted = true;
      await this.#app.orders.delete(this.#id);
      this.#app.toast(`Order ${this.#id} is deleted`);
      navigate('/orders');
    } catch (error) {
      this.#isDeleted = false;
      this.#app.toast(errorText(error, 'The order could not be deleted.'), 'error');
    }
  }
}
customElements.define('order-page', OrderPage);
