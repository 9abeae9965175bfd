/** @typedef {import('../app/types.js').Product} Product */
/** @typedef {{ text: string, vendor: string, category: string }} ProductFilter  an empty member matches all */

/**
 * Every word must occur in the code, name, vendor or category.
 * @param {Product[]} products @param {ProductFilter} filter
 */
export function filterProducts(products, { text, vendor, category }) {
  const words = fold(text).split(/\s+/).filter(Boolean);
  return products.filter((product) => {
    if (vendor && product.vendor !== vendor) return false;
    if (category && product.category !== category) return false;
    const content = fold(`${product.externalProductId} ${product.name} ${product.vendor} ${product.category}`);
    return words.every((word) => content.includes(word));
  });
}

/**
 * Removes case and accents.
 * @param {string} text
 */
function fold(text) {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** @param {Product[]} products @param {'vendor'|'category'} field */
export function distinctValues(products, field) {
  return [...new Set(products.map((product) => product[field]))].sort((a, b) => a.localeCompare(b));
}
