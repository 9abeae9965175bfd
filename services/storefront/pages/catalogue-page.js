import { h, renderKeyed } from '../app/dom.js';
import { pluralize } from '../app/format.js';
import { distinctValues, filterProducts } from '../catalogue/product-filter.js';
import { emptyState, errorState, pageHeading } from '../ui/components.js';
import { icon } from '../ui/icons.js';
import { ProductCard } from '../ui/product-card.js';
import { View } from '../ui/view.js';

/** @typedef {import('../catalogue/catalogue.js').CatalogueState} CatalogueState */

export class CataloguePage extends View {
  #app;
  #search;
  #vendor = h('select', { id: 'vendor' });
  #category = h('select', { id: 'category' });
  #count = h('p', { class: 'heading-note', role: 'status' });
  #grid = h('div', { class: 'grid' });
  #message = h('div');

  /** @param {import('../app/app.js').App} app @param {URLSearchParams} query */
  constructor(app, query) {
    super();
    this.#app = app;
    this.#search = h('input', { id: 'search', type: 'search', value: query.get('q') ?? '', placeholder: 'Cloud, SQL, KS-201 …', autocomplete: 'off' });
    this.#vendor.dataset.requested = query.get('vendor') ?? '';
    this.#category.dataset.requested = query.get('category') ?? '';
  }

  render() {
    const onChange = () => {
      this.#show(this.#app.catalogue.state.value);
      saveFilter(this.#filter);
    };
    this.#search.addEventListener('input', onChange);
    this.#vendor.addEventListener('change', onChange);
    this.#category.addEventListener('change', onChange);
    this.replaceChildren(
      pageHeading('Catalogue', this.#count),
      h('form', { class: 'filters', role: 'search', onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
        h('div', { class: 'field field-search' }, h('label', { for: 'search' }, 'Search'), h('div', { class: 'with-icon' }, icon('search'), this.#search)),
        h('div', { class: 'field' }, h('label', { for: 'vendor' }, 'Vendor'), this.#vendor),
        h('div', { class: 'field' }, h('label', { for: 'category' }, 'Category'), this.#category)),
      this.#grid, this.#message);
    this.addCleanup(this.#app.catalogue.state.watch((state) => this.#show(state)));
    void this.#app.catalogue.load();
  }

  /** @param {CatalogueState} state */
  #show(state) {
    const all = [...state.products.values()];
    setOptions(this.#vendor, 'All vendors', distinctValues(all, 'vendor'));
    setOptions(this.#category, 'All categories', distinctValues(all, 'category'));
    const products = filterProducts(all, this.#filter);
    renderKeyed(this.#grid, products, (product) => product.externalProductId, (product) => new ProductCard(product, this.#app));
    if (state.phase === 'loading' && all.length === 0) this.#grid.append(...skeletons());
    this.#count.textContent = state.phase === 'ready' ? pluralize(products.length, 'product') : state.phase === 'loading' ? 'Loading…' : '';
    if (state.phase === 'failed') this.#message.replaceChildren(errorState(state.error, () => void this.#app.catalogue.load()));
    else if (state.phase === 'ready' && products.length === 0) this.#message.replaceChildren(this.#noResults());
    else this.#message.replaceChildren();
  }

  get #filter() {
    return { text: this.#search.value, vendor: selected(this.#vendor), category: selected(this.#category) };
  }

  #noResults() {
    return emptyState('Nothing matches', 'Use fewer words, or another vendor or category.', h('button', {
      class: 'button', type: 'button',
      onclick: () => {
        this.#search.value = '';
        for (const select of [this.#vendor, this.#category]) select.value = select.dataset.requested = '';
        this.#show(this.#app.catalogue.state.value);
        saveFilter(this.#filter);
        this.#search.focus();
      },
    }, 'Clear the filters'));
  }
}
customElements.define('catalogue-page', CataloguePage);

/**
 * The value from the address applies until the options have been loaded.
 * @param {HTMLSelectElement} select
 */
function selected(select) {
  return select.options.length > 1 ? select.value : select.dataset.requested ?? '';
}

/** @param {HTMLSelectElement} select @param {string} allLabel @param {string[]} options */
function setOptions(select, allLabel, options) {
  if (select.options.length === options.length + 1) return;
  const requested = selected(select) || select.dataset.requested || '';
  select.replaceChildren(h('option', { value: '' }, allLabel), ...options.map((option) => h('option', { value: option }, option)));
  select.value = options.includes(requested) ? requested : '';
  select.addEventListener('change', () => void (select.dataset.requested = select.value), { once: true });
}

/**
 * Writes the filter to the address, so that it survives a reload and can be shared. Called only on user input: the
 * address may already name another page.
 * @param {import('../catalogue/product-filter.js').ProductFilter} filter
 */
function saveFilter({ text, vendor, category }) {
  const query = new URLSearchParams();
  if (text) query.set('q', text);
  if (vendor) query.set('vendor', vendor);
  if (category) query.set('category', category);
  history.replaceState(null, '', query.toString() === '' ? '#/' : `#/?${query}`);
}

function skeletons() {
  return Array.from({ length: 8 }, () => h('div', { class: 'card skeleton', 'aria-hidden': 'true' }));
}
