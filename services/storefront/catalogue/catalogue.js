import { Problem } from '../rest/problem.js';
import { Signal } from '../app/signal.js';

/** @typedef {import('../app/types.js').Product} Product */
/** @typedef {{ products: Map<string, Product>, phase: 'loading'|'ready'|'failed', reason: string }} Stock */

const PAGE = 50;

/** All products, loaded page by page; what has come is shown while the rest is on its way. */
export class Catalogue {
  /** @type {Signal<Stock>} */
  stock = new Signal(/** @type {Stock} */ ({ products: new Map(), phase: 'loading', reason: '' }));
  #client;
  /** @type {Promise<void>|null} */
  #loading = null;

  /** @param {import('../rest/client.js').Client} client */
  constructor(client) {
    this.#client = client;
  }

  load() {
    if (this.stock.value.phase === 'ready') return Promise.resolve();
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #load() {
    /** @type {Map<string, Product>} */
    let products = new Map();
    this.stock.value = { products, phase: 'loading', reason: '' };
    try {
      for (let offset = 0, total = 1; offset < total; offset += PAGE) {
        const page = await this.#client.products(offset, PAGE);
        total = page.total;
        products = new Map([...products, ...page.items.map((product) => pair(product))]);
        this.stock.value = { products, phase: offset + PAGE < total ? 'loading' : 'ready', reason: '' };
      }
    } catch (error) {
      const reason = error instanceof Problem ? error.message : 'Something went wrong.';
      this.stock.value = { products, phase: 'failed', reason };
    }
  }
}

/** @param {Product} product @returns {[string, Product]} */
function pair(product) {
  return [product.externalProductId, product];
}
