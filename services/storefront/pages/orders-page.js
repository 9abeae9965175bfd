import { Problem } from '../rest/problem.js';
import { h, keyed } from '../app/dom.js';
import { counted, moment, money } from '../app/format.js';
import { badge, blank, busyButton, failure, heading, picture } from '../parts/pieces.js';
import { View } from '../parts/view.js';

/** @typedef {import('../app/types.js').Order} Order */

const PAGE = 10;

export class OrdersPage extends View {
  #app;
  #shown = PAGE;
  #total = 0;
  /** @type {number[]} */
  #ids = [];
  #count = h('p', { class: 'result', role: 'status' }, 'Loading…');
  #list = h('ul', { class: 'orders', 'aria-label': 'Orders' });
  #rest = h('div', { class: 'rest' });

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    super();
    this.#app = app;
  }

  render() {
    const { orders } = this.#app;
    this.replaceChildren(heading('Your orders', this.#count), this.#list, this.#rest);
    this.until(orders.book.listen((order, before) => {
      if (before !== null && this.#ids.includes(order.id)) this.#show();
    }));
    this.until(orders.revision.watch(() => void this.#load()));
  }

  async #load() {
    try {
      /** @type {number[]} */
      const ids = [];
      for (let offset = 0; offset < this.#shown; offset += PAGE) {
        const page = await this.#app.orders.page(offset, PAGE);
        this.#total = page.total;
        ids.push(...page.items.map((order) => order.id));
        if (offset + PAGE >= page.total) break;
      }
      this.#ids = [...new Set(ids)];
      this.#show();
    } catch (error) {
      this.#count.textContent = '';
      this.#rest.replaceChildren(failure(error instanceof Problem ? error.message : 'Something went wrong.', () => void this.#load()));
    }
  }

  #show() {
    const orders = this.#ids.map((id) => this.#app.orders.book.get(id)).filter((order) => order !== undefined);
    this.#count.textContent = counted(this.#total, 'order');
    keyed(this.#list, /** @type {Order[]} */ (orders), (order) => String(order.id), row, update);
    if (this.#total === 0) {
      this.#rest.replaceChildren(blank('No orders yet', 'Your first one will show up here the moment it is accepted.',
        h('a', { class: 'button', href: '#/' }, 'Browse the catalogue')));
    } else if (this.#ids.length < this.#total) {
      this.#rest.replaceChildren(busyButton('button button-plain', ['Show more'], () => {
        this.#shown += PAGE;
        return this.#load();
      }));
    } else this.#rest.replaceChildren();
  }
}
customElements.define('orders-page', OrdersPage);

/** @param {Order} order */
function row(order) {
  const names = order.items.map((item) => item.productName).join(', ');
  return h('li', { class: 'order' },
    h('div', { class: 'order-pictures', 'aria-hidden': 'true' }, order.items.slice(0, 3).map((item) => picture(item.imageUrl, 'order-picture'))),
    h('div', { class: 'order-text' },
      h('a', { href: `#/orders/${order.id}` }, `Order ${order.id}`),
      h('p', {}, names),
      h('time', { datetime: order.createdAt }, moment(order.createdAt))),
    h('span', { class: 'order-total' }, money(order.total, order.currency)),
    badge(order.status));
}

/** @param {HTMLElement} element @param {Order} order */
function update(element, order) {
  const old = element.querySelector('.badge');
  if (old instanceof HTMLElement && old.dataset.status !== order.status) old.replaceWith(badge(order.status));
}
