import { h } from '../app/dom.js';
import { formatDateTime, formatMoney, multiplyPrice } from '../app/format.js';
import { navigate } from '../app/router.js';
import { leftOutText, reorder } from '../cart/reorder.js';
import { failureText } from '../orders/failure-text.js';
import { isFinal } from '../orders/order-status.js';
import { customerText, Problem } from '../rest/problem.js';
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
  #hasFailed = false;

  /** @param {import('../app/app.js').App} app @param {number} id */
  constructor(app, id) {
    super();
    this.#app = app;
    this.#id = id;
  }

  render() {
    const { orders, recovered } = this.#app;
    const known = orders.store.get(this.#id);
    if (known) this.#renderOrder(known);
    else this.replaceChildren(loadingText());
    this.addCleanup(orders.store.lastChange.listen(({ order, previousStatus }) => {
      if (order.id !== this.#id) return;
      this.#show(order);
      // An update has neither the reason of a failure nor the recorded times.
      if (previousStatus !== null && previousStatus !== order.status && isFinal(order.status)) void this.#load();
    }));
    this.addCleanup(orders.revision.watch(() => void this.#load()));
    this.addCleanup(recovered.listen(() => {
      if (this.#hasFailed) void this.#load();
    }));
  }

  async #load() {
    try {
      const order = await this.#app.orders.load(this.#id);
      this.#hasFailed = false;
      if (!this.contains(this.#status)) this.#renderOrder(order);
    } catch (error) {
      if (this.#isDeleted) return;
      if (error instanceof Problem && (error.status === 404 || error.status === 400)) {
        this.replaceChildren(noSuchOrder());
        return;
      }
      this.#hasFailed = true;
      if (!this.contains(this.#status)) this.replaceChildren(errorState(error, () => void this.#load(), true));
    }
  }

  /**
   * Renders the parts that do not change.
   * @param {Order} order
   */
  #renderOrder(order) {
    this.replaceChildren(
      backLink('#/orders', 'Orders'),
      h('p', { class: 'print-only receipt-brand', 'aria-hidden': 'true' }, `Waybill · customer ${this.#app.session.userId ?? ''}`),
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
      h('div', { role: 'status' }, statusBadge(order.status),
        order.status === 'FAILED' ? h('p', { class: 'failure' }, failureText(order.failure)) : ''),
      orderTimeline(order.status, this.#app.orders.store.times(order.id)));
    const available = isFinal(order.status) ? order.status : order.status === 'ACCEPTED' ? 'cancel' : 'none';
    if (this.#actions.dataset.available === available) return;
    const hadFocus = this.#actions.contains(document.activeElement);
    this.#actions.dataset.available = available;
    this.#actions.replaceChildren(...this.#buttons(order));
    if (hadFocus) this.querySelector('h1')?.focus({ preventScroll: true });
  }

  /** @param {Order} order */
  #buttons(order) {
    const print = h('button', { class: 'button button-plain', type: 'button', onclick: () => globalThis.print() }, 'Print');
    if (order.status === 'ACCEPTED') return [actionButton('button button-plain', ['Cancel this order'], () => this.#cancel()), print];
    if (!isFinal(order.status)) return [print];
    const isRepeatable = order.status !== 'COMPLETED' && order.items.length > 0;
    return [
      ...(isRepeatable ? [actionButton('button', ['Order again'], () => this.#orderAgain(order))] : []),
      print, actionButton('button button-plain', ['Delete this order'], () => this.#delete())];
  }

  /** @param {Order} order */
  async #orderAgain(order) {
    const { cart, catalogue, leftOut } = this.#app;
    await catalogue.load();
    const { products, phase, error } = catalogue.state.value;
    if (phase !== 'ready') return this.#app.toast(customerText(error, 'The catalogue could not be loaded.'), 'error');
    const result = reorder(cart.cart.value, order.items, products);
    if (result.added === 0) return this.#app.toast(leftOutText(result), 'error');
    cart.replace(result.cart);
    leftOut.value = leftOutText(result);
    navigate('/cart');
  }

  async #cancel() {
    const question = 'It will not be carried out, and nothing is charged. This cannot be undone.';
    if (!await confirmDialog(`Cancel order ${this.#id}?`, question, 'Cancel the order')) return;
    try {
      await this.#app.orders.cancel(this.#id);
    } catch (error) {
      this.#app.toast(cancellationText(error), 'error');
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
      this.#app.toast(`${effectText(error, 'deleted')} ${customerText(error)}`, 'error');
    }
  }
}
customElements.define('order-page', OrderPage);

/** @param {unknown} error */
function cancellationText(error) {
  if (error instanceof Problem && error.status === 409) return 'The order is being carried out already and can no longer be cancelled.';
  return `${effectText(error, 'cancelled')} ${customerText(error)}`;
}

/**
 * Says what is known.
 * @param {unknown} error @param {string} done such as `cancelled`
 */
function effectText(error, done) {
  return error instanceof Problem && error.isWithoutEffect ? `The order was not ${done}.` : `It is not known whether the order was ${done}.`;
}
