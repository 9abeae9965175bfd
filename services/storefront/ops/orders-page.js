import { h } from '../app/dom.js';
import { formatDateTime, formatMoney } from '../app/format.js';
import { navigate, parseRoute } from '../app/router.js';
import { emptyState, errorState, pageHeading } from '../ui/components.js';
import { View } from '../ui/view.js';
import { tableRow } from './table.js';

/** @typedef {import('./types.js').FoundOrder} FoundOrder */

const COLUMNS = ['Order', 'Accepted', 'Customer', 'Status', 'Total', 'Reason'];
const STATUSES = ['', 'FAILED', 'CANCELLED', 'COMPLETED'];
const PERIODS = { '': 'any time', 3600: 'the last hour', 86400: 'the last day', 604800: 'the last week' };

/** Recorded orders of all users, newest first; the filter is in the address. */
export class OperatorOrdersPage extends View {
  #store;
  #search = new OrderSearch();
  #status = h('select', { id: 'order-status', name: 'status' }, STATUSES.map((status) => h('option', { value: status }, status || 'any')));
  #user = h('input', { id: 'order-user', name: 'user', type: 'search', autocomplete: 'off', maxlength: 128 });
  #period = h('select', { id: 'order-period', name: 'period' },
    Object.entries(PERIODS).map(([seconds, text]) => h('option', { value: seconds }, text)));
  #rows = h('tbody');
  #table = h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Orders, table' }, h('table', {},
    h('thead', {}, h('tr', {}, COLUMNS.map((name) => h('th', { scope: 'col' }, name)))), this.#rows));
  #more = h('button', { class: 'button button-plain', type: 'button', hidden: true, onclick: () => void this.#load(true) }, 'Show more');
  #message = h('div', { role: 'status' });
  /** @type {number|null} */
  #next = null;

  /** @param {import('./console-store.js').ConsoleStore} store @param {URLSearchParams} query */
  constructor(store, query) {
    super();
    this.#store = store;
    this.#fill(query);
  }

  render() {
    const field = (/** @type {string} */ label, /** @type {HTMLElement} */ input) => h('div', { class: 'field' }, h('label', { for: input.id }, label), input);
    const form = h('form', {
      class: 'filters', role: 'search', 'aria-label': 'Filter',
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        this.#changed();
      },
      onchange: () => this.#changed(),
    }, field('Status', this.#status), field('Accepted', this.#period), field('Customer', this.#user), h('button', { class: 'button button-plain' }, 'Filter'));
    this.replaceChildren(pageHeading('Orders'), h('p', { class: 'hint' }, 'Recorded orders: what is accepted and waits is counted in the overview.'), this.#search.element, form, this.#table, this.#message, this.#more);
    const listener = () => {
      const { path, query } = parseRoute(location.hash);
      if (path !== '/orders') return;
      this.#fill(query);
      void this.#load(false);
    };
    addEventListener('hashchange', listener);
    this.addCleanup(() => removeEventListener('hashchange', listener));
    void this.#load(false);
  }

  /** @param {URLSearchParams} query */
  #fill(query) {
    this.#status.value = query.get('status') ?? '';
    this.#user.value = query.get('user') ?? '';
    this.#period.value = query.get('period') ?? '';
  }

  #changed() {
    const query = new URLSearchParams();
    for (const { name, value } of [this.#status, this.#user, this.#period]) if (value) query.set(name, value);
    navigate(`/orders${String(query) && `?${query}`}`);
  }

  /** @param {boolean} isNext the page after the last one */
  async #load(isNext) {
    /** @type {Record<string, string>} */
    const filter = {};
    if (this.#status.value) filter.status = this.#status.value;
    if (this.#user.value) filter.user = this.#user.value;
    if (this.#period.value) filter.since = new Date(Date.now() - Number(this.#period.value) * 1000).toISOString();
    if (isNext && this.#next !== null) filter.before = String(this.#next);
    try {
      const { items, next } = await this.#store.api.orders(filter);
      this.#next = next;
      if (!isNext) this.#rows.replaceChildren();
      this.#rows.append(...items.map(renderRow));
      this.#table.hidden = this.#rows.childElementCount === 0;
      this.#more.hidden = next === null;
      this.#message.replaceChildren(this.#table.hidden ? emptyState('No such orders', 'Orders that are not recorded yet are found by their number above.') : '');
    } catch (error) {
      this.#message.replaceChildren(errorState(error, () => void this.#load(isNext)));
    }
  }
}
customElements.define('operator-orders-page', OperatorOrdersPage);

/** A field for an order's number or correlation id, which leads to its page. */
export class OrderSearch {
  #input = h('input', { id: 'order-search', type: 'search', autocomplete: 'off', spellcheck: 'false', placeholder: '1042 or 0197a3f2-…' });
  #error = h('p', { class: 'field-error', role: 'alert' });
  element = h('form', {
    class: 'order-search', role: 'search', 'aria-label': 'Find an order',
    onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#go();
    },
  }, h('label', { for: 'order-search' }, 'Order number or correlation id'), h('div', { class: 'order-search-row' }, this.#input,
    h('button', { class: 'button' }, 'Explain')), this.#error);

  #go() {
    const text = this.#input.value.trim();
    const isReference = /^[1-9][0-9]{0,15}$/.test(text) || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
    this.#error.textContent = isReference ? '' : 'Write an order\'s number, such as 1042, or its correlation id.';
    if (isReference) navigate(`/orders/${text}`);
    else this.#input.focus();
  }
}

/** @param {FoundOrder} order */
function renderRow(order) {
  const status = h('span', {}, h('span', { class: `badge badge-${order.status.toLowerCase()}` }, order.status), order.isDeleted ? ' deleted' : '');
  return tableRow(COLUMNS, [h('a', { href: `#/orders/${order.id}` }, String(order.id)), formatDateTime(order.createdAt), order.customerId, status,
    formatMoney(Number(order.total), order.currency), order.failureCode ?? '–']);
}
