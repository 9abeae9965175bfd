import { Signal } from '../app/signal.js';

/** @typedef {import('../app/types.js').Product} Product */
/** @typedef {{ products: Map<string, Product>, phase: 'loading'|'ready'|'failed', error?: unknown }} CatalogueState */

const PAGE_SIZE = 50;

/** All products by code, loaded page by page; the pages that have arrived are shown while the rest is loading. */
export class Catalogue {
  /** @type {Signal<CatalogueState>} */
  state = new Signal(/** @type {CatalogueState} */ ({ products: new Map(), phase: 'loading' }));
  #api;
  /** @type {Promise<void>|null} */
  #loading = null;

  /** @param {import('../rest/order-api.js').OrderAPI} api */
  constructor(api) {
    this.#api = api;
  }

  load() {
    if (this.state.value.phase === 'ready') return Promise.resolve();
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #load() {
    /** @type {Map<string, Product>} */
    let products = new Map();
    this.state.value = { products, phase: 'loading' };
    try {
      for (let offset = 0, total = 1; offset < total; offset += PAGE_SIZE) {
        const page = await this.#api.products(offset, PAGE_SIZE);
        total = page.total;
        products = new Map(products);
        for (const product of page.items) products.set(product.externalProductId, product);
        this.state.value = { products, phase: offset + PAGE_SIZE < total ? 'loading' : 'ready' };
      }
    } catch (error) {
      this.state.value = { products, phase: 'failed', error };
    }
  }
}
