/** @typedef {import('../app/types.js').Product} Product */
/** @typedef {{ text: string, vendor: string, category: string }} Filter  empty: everything */

/**
 * Every word must occur in the name, code, vendor or category.
 * @param {Product[]} products @param {Filter} filter
 */
export function filtered(products, { text, vendor, category }) {
  const words = fold(text).split(/\s+/).filter(Boolean);
  return products.filter((product) => {
    if (vendor && product.vendor !== vendor) return false;
    if (category && product.category !== category) return false;
    const content = fold(`${product.externalProductId} ${product.name} ${product.vendor} ${product.category}`);
    return words.every((word) => content.includes(word));
  });
}

/**
 * Without case and accents.
 * @param {string} text
 */
function fold(text) {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** @param {Product[]} products @param {'vendor'|'category'} field */
export function values(products, field) {
  return [...new Set(products.map((product) => product[field]))].sort((a, b) => a.localeCompare(b));
}
