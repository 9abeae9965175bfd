import { h, keyed } from '../app/dom.js';
import { counted } from '../app/format.js';
import { filtered, values } from '../catalogue/filter.js';
import { icon } from '../parts/icons.js';
import { blank, failure, heading } from '../parts/pieces.js';
import { ProductCard } from '../parts/product-card.js';
import { View } from '../parts/view.js';

/** @typedef {import('../catalogue/catalogue.js').Stock} Stock */

export class CataloguePage extends View {
  #app;
  #search;
  #vendor = h('select', { id: 'vendor' });
  #category = h('select', { id: 'category' });
  #count = h('p', { class: 'result', role: 'status' });
  #grid = h('div', { class: 'grid' });
  #rest = h('div');

  /** @param {import('../app/app.js').App} app @param {URLSearchParams} query */
  constructor(app, query) {
    super();
    this.#app = app;
    this.#search = h('input', { id: 'search', type: 'search', value: query.get('q') ?? '', placeholder: 'Cloud, SQL, KS-201 …', autocomplete: 'off' });
    this.#vendor.dataset.wanted = query.get('vendor') ?? '';
    this.#category.dataset.wanted = query.get('category') ?? '';
  }

  render() {
    const again = () => {
      this.#show(this.#app.catalogue.stock.value);
      remember(this.#filter);
    };
    this.#search.addEventListener('input', again);
    this.#vendor.addEventListener('change', again);
    this.#category.addEventListener('change', again);
    this.replaceChildren(
      heading('Catalogue', this.#count),
      h('form', { class: 'filters', role: 'search', onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
        h('div', { class: 'field field-search' }, h('label', { for: 'search' }, 'Search'), h('div', { class: 'with-icon' }, icon('search'), this.#search)),
        h('div', { class: 'field' }, h('label', { for: 'vendor' }, 'Vendor'), this.#vendor),
        h('div', { class: 'field' }, h('label', { for: 'category' }, 'Category'), this.#category)),
      this.#grid, this.#rest);
    this.until(this.#app.catalogue.stock.watch((stock) => this.#show(stock)));
    void this.#app.catalogue.load();
  }

  /** @param {Stock} stock */
  #show(stock) {
    const all = [...stock.products.values()];
    offer(this.#vendor, 'All vendors', values(all, 'vendor'));
    offer(this.#category, 'All categories', values(all, 'category'));
    const products = filtered(all, this.#filter);
    keyed(this.#grid, products, (product) => product.externalProductId, (product) => new ProductCard(product, this.#app));
    if (stock.phase === 'loading' && all.length === 0) this.#grid.append(...skeletons());
    this.#count.textContent = stock.phase === 'ready' ? counted(products.length, 'product') : stock.phase === 'loading' ? 'Loading…' : '';
    if (stock.phase === 'failed') this.#rest.replaceChildren(failure(stock.reason, () => void this.#app.catalogue.load()));
    else if (stock.phase === 'ready' && products.length === 0) this.#rest.replaceChildren(this.#nothing());
    else this.#rest.replaceChildren();
  }

  get #filter() {
    return { text: this.#search.value, vendor: chosen(this.#vendor), category: chosen(this.#category) };
  }

  #nothing() {
    return blank('Nothing matches', 'Try fewer words, or another vendor or category.', h('button', {
      class: 'button', type: 'button',
      onclick: () => {
        this.#search.value = '';
        for (const select of [this.#vendor, this.#category]) select.value = select.dataset.wanted = '';
        this.#show(this.#app.catalogue.stock.value);
        remember(this.#filter);
        this.#search.focus();
      },
    }, 'Clear the filters'));
  }
}
customElements.define('catalogue-page', CataloguePage);

/**
 * What a link asked for holds until the options that can show it are there.
 * @param {HTMLSelectElement} select
 */
function chosen(select) {
  return select.options.length > 1 ? select.value : select.dataset.wanted ?? '';
}

/** @param {HTMLSelectElement} select @param {string} everything @param {string[]} options */
function offer(select, everything, options) {
  if (select.options.length === options.length + 1) return;
  const wanted = chosen(select) || select.dataset.wanted || '';
  select.replaceChildren(h('option', { value: '' }, everything), ...options.map((option) => h('option', { value: option }, option)));
  select.value = options.includes(wanted) ? wanted : '';
  select.addEventListener('change', () => void (select.dataset.wanted = select.value), { once: true });
}

/**
 * The filter in the address, so that it survives a reload and can be sent to somebody. Only for what the user did:
 * the address may name another page already.
 * @param {import('../catalogue/filter.js').Filter} filter
 */
function remember({ text, vendor, category }) {
  const query = new URLSearchParams();
  if (text) query.set('q', text);
  if (vendor) query.set('vendor', vendor);
  if (category) query.set('category', category);
  history.replaceState(null, '', query.toString() === '' ? '#/' : `#/?${query}`);
}

function skeletons() {
  return Array.from({ length: 8 }, () => h('div', { class: 'card skeleton', 'aria-hidden': 'true' }));
}
