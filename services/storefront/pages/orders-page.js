import { h, renderKeyed } from '../app/dom.js';
import { formatDateTime, formatMoney, pluralize } from '../app/format.js';
import { positiveInteger, replaceQuery } from '../app/router.js';
import { delay } from '../live/backoff.js';
import { actionButton, emptyState, errorState, pageHeading, productImage, statusBadge } from '../ui/components.js';
import { View } from '../ui/view.js';

/** @typedef {import('../app/types.js').Order} Order */

const PAGE_SIZE = 10;
const LARGEST_PAGE = 100;
const MAX_SHOWN = 1_000; // orders
const RELOAD_INTERVAL = 2_000; // milliseconds; orders may arrive all the time

export class OrdersPage extends View {
  #app;
  /** In the address too, so that the list has its length after a step back. */
  #limit = PAGE_SIZE;
  #total = 0;
  #isLoading = false;
  #isStale = false;
  #hasFailed = false;
  /** @type {number[]} */
  #ids = [];
  #count = h('p', { class: 'heading-note', role: 'status' }, 'Loading…');
  #list = h('ul', { class: 'orders', 'aria-label': 'Orders' });
  #footer = h('div', { class: 'list-footer' });

  /** @param {import('../app/app.js').App} app @param {URLSearchParams} query */
  constructor(app, query) {
    super();
    this.#app = app;
    this.followQuery(query);
  }

  /** @override @param {URLSearchParams} query */
  followQuery(query) {
    const shown = positiveInteger(query.get('shown') ?? '') ?? PAGE_SIZE;
    this.#limit = Math.min(Math.max(shown, PAGE_SIZE), MAX_SHOWN);
    if (this.isConnected) void this.#reload();
  }

  render() {
    const { orders, recovered } = this.#app;
    this.replaceChildren(pageHeading('Your orders', this.#count), this.#list, this.#footer);
    this.addCleanup(orders.store.lastChange.listen(({ order, previousStatus }) => {
      if (previousStatus !== null && this.#ids.includes(order.id)) this.#show();
    }));
    this.addCleanup(orders.revision.watch(() => void this.#reload()));
    this.addCleanup(recovered.listen(() => {
      if (this.#hasFailed) void this.#reload();
    }));
  }

  /** Fetches the list again, once at a time, and with pauses. */
  async #reload() {
    this.#isStale = true;
    if (this.#isLoading) return;
    this.#isLoading = true;
    while (this.#isStale && this.isConnected) {
      this.#isStale = false;
      await this.#load();
      await delay(RELOAD_INTERVAL);
    }
    this.#isLoading = false;
  }

  async #load() {
    try {
      /** @type {number[]} */
      const ids = [];
      let after = '';
      do {
        const page = await this.#app.orders.page(Math.min(this.#limit - ids.length, LARGEST_PAGE), after);
        this.#total = page.total;
        ids.push(...page.items.map((order) => order.id));
        after = page.items.length === 0 ? '' : page.next ?? '';
      } while (after && ids.length < this.#limit);
      this.#ids = [...new Set(ids)];
      this.#hasFailed = false;
      this.#show();
    } catch (error) {
      this.#hasFailed = true;
      this.#count.textContent = '';
      this.#footer.replaceChildren(errorState(error, () => void this.#load(), true));
    }
  }

  #show() {
    const orders = this.#ids.map((id) => this.#app.orders.store.get(id)).filter((order) => order !== undefined);
    this.#count.textContent = pluralize(this.#total, 'order');
    renderKeyed(this.#list, /** @type {Order[]} */ (orders), (order) => String(order.id), renderRow, updateRow);
    if (this.#total === 0) {
      this.#footer.replaceChildren(emptyState('No orders yet', 'Orders are listed here as soon as they are accepted.',
        h('a', { class: 'button', href: '#/' }, 'Browse the catalogue')));
    } else if (this.#ids.length < Math.min(this.#total, MAX_SHOWN)) {
      this.#footer.replaceChildren(actionButton('button button-plain', ['Show more'], () => {
        this.#limit = Math.min(this.#limit + PAGE_SIZE, MAX_SHOWN);
        replaceQuery('/orders', { shown: String(this.#limit) });
        return this.#load();
      }));
    } else this.#footer.replaceChildren();
  }
}
customElements.define('orders-page', OrdersPage);

/** @param {Order} order */
function renderRow(order) {
  const names = order.items.map((item) => item.productName).join(', ');
  return h('li', { class: 'order' },
    h('div', { class: 'order-images', 'aria-hidden': 'true' }, order.items.slice(0, 3).map((item) => productImage(item.imageUrl, 'order-image'))),
    h('div', { class: 'order-text' },
      h('a', { href: `#/orders/${order.id}` }, `Order ${order.id}`),
      h('p', {}, names),
      h('time', { datetime: order.createdAt }, formatDateTime(order.createdAt))),
    h('span', { class: 'order-total' }, formatMoney(order.total, order.currency)),
    statusBadge(order.status));
}

/** @param {HTMLElement} element @param {Order} order */
function updateRow(element, order) {
  const old = element.querySelector('.badge');
  if (old instanceof HTMLElement && old.dataset.status !== order.status) old.replaceWith(statusBadge(order.status));
}
