import { searchProducts } from './product-search.js';

/** @typedef {import('../app/types.js').Product} Product */
/** @typedef {{ text: string, vendor: string, category: string }} ProductFilter  an empty member matches all */

/**
 * @param {Product[]} products @param {ProductFilter} filter
 * @returns {{ products: Product[], isApproximate: boolean }} the best first when there is a text
 */
export function filterProducts(products, { text, vendor, category }) {
  return searchProducts(products.filter((product) =>
    (!vendor || product.vendor === vendor) && (!category || product.category === category)), text);
}

/** @param {Product[]} products @param {'vendor'|'category'} field */
export function distinctValues(products, field) {
  return [...new Set(products.map((product) => product[field]))].sort((a, b) => a.localeCompare(b));
}
