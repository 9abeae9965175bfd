import { h, renderKeyed } from '../app/dom.js';
import { pluralize } from '../app/format.js';
import { navigate, replaceQuery } from '../app/router.js';
import { distinctValues, filterProducts } from '../catalogue/product-filter.js';
import { MAX_SEARCH_LENGTH } from '../catalogue/product-search.js';
import { emptyState, errorState, pageHeading } from '../ui/components.js';
import { icon } from '../ui/icons.js';
import { ProductCard } from '../ui/product-card.js';
import { View } from '../ui/view.js';

/** @typedef {import('../catalogue/catalogue.js').CatalogueState} CatalogueState */
/** @typedef {import('../catalogue/product-filter.js').ProductFilter} ProductFilter */

export class CataloguePage extends View {
  #app;
  /** @type {ProductFilter} */
  #filter;
  #search = h('input', { id: 'search', type: 'search', maxlength: MAX_SEARCH_LENGTH, placeholder: 'Cloud, SQL, KS-201 …', autocomplete: 'off' });
  #vendor = h('select', { id: 'vendor' });
  #category = h('select', { id: 'category' });
  #count = h('p', { class: 'heading-note', role: 'status' });
  #grid = h('div', { class: 'grid' });
  #message = h('div');

  /** @param {import('../app/app.js').App} app @param {URLSearchParams} query */
  constructor(app, query) {
    super();
    this.#app = app;
    this.#filter = readFilter(query);
    this.#search.value = this.#filter.text;
  }

  render() {
    this.#search.addEventListener('input', () => {
      this.#filter = { ...this.#filter, text: this.#search.value };
      replaceQuery('/', queryOf(this.#filter)); // A letter is no step back.
      this.#show(this.#app.catalogue.state.value);
    });
    this.#vendor.addEventListener('change', () => navigate('/', queryOf({ ...this.#filter, vendor: this.#vendor.value })));
    this.#category.addEventListener('change', () => navigate('/', queryOf({ ...this.#filter, category: this.#category.value })));
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

  /** @override @param {URLSearchParams} query */
  followQuery(query) {
    this.#filter = readFilter(query);
    if (this.#search.value !== this.#filter.text) this.#search.value = this.#filter.text;
    this.#show(this.#app.catalogue.state.value);
  }

  /** @param {CatalogueState} state */
  #show(state) {
    const all = [...state.products.values()];
    const isReady = state.phase === 'ready';
    this.#filter = {
      text: this.#filter.text,
      vendor: showOptions(this.#vendor, 'All vendors', distinctValues(all, 'vendor'), this.#filter.vendor, isReady),
      category: showOptions(this.#category, 'All categories', distinctValues(all, 'category'), this.#filter.category, isReady),
    };
    const { products, isApproximate } = filterProducts(all, this.#filter);
    renderKeyed(this.#grid, products, (product) => product.externalProductId, (product) => new ProductCard(product, this.#app));
    if (state.phase === 'loading' && all.length === 0) this.#grid.append(...skeletons());
    this.#count.textContent = isReady ? countText(products.length, isApproximate) : state.phase === 'loading' ? 'Loading…' : '';
    if (state.phase === 'failed') this.#message.replaceChildren(errorState(state.error, () => void this.#app.catalogue.load(), true));
    else if (isReady && products.length === 0) this.#message.replaceChildren(this.#noResults());
    else this.#message.replaceChildren();
  }

  #noResults() {
    return emptyState('Nothing matches', 'Use fewer words, or another vendor or category.', h('button', {
      class: 'button', type: 'button',
      onclick: () => {
        navigate('/');
        this.#search.focus();
      },
    }, 'Clear the filters'));
  }
}
customElements.define('catalogue-page', CataloguePage);

/** @param {URLSearchParams} query @returns {ProductFilter} */
function readFilter(query) {
  return { text: (query.get('q') ?? '').slice(0, MAX_SEARCH_LENGTH), vendor: query.get('vendor') ?? '', category: query.get('category') ?? '' };
}

/** @param {ProductFilter} filter */
function queryOf({ text, vendor, category }) {
  return { q: text, vendor, category };
}

/**
 * Until all products are there, a value of the address may be one whose option is still to come.
 * @param {HTMLSelectElement} select @param {string} allLabel @param {string[]} options @param {string} value @param {boolean} isComplete
 * @returns {string} the value; empty when there is no such option
 */
function showOptions(select, allLabel, options, value, isComplete) {
  if (select.options.length !== options.length + 1) {
    select.replaceChildren(h('option', { value: '' }, allLabel), ...options.map((option) => h('option', { value: option }, option)));
  }
  select.value = options.includes(value) ? value : '';
  return isComplete ? select.value : value;
}

/** @param {number} count @param {boolean} isApproximate */
function countText(count, isApproximate) {
  return isApproximate ? `${pluralize(count, 'product')} with a similar spelling` : pluralize(count, 'product');
}

function skeletons() {
  return Array.from({ length: 8 }, () => h('div', { class: 'card skeleton', 'aria-hidden': 'true' }));
}
