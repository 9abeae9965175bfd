/** @typedef {import('../app/types.js').Product} Product */

export const MAX_SEARCH_LENGTH = 100; // characters
const WORD_LIMIT = 8;

/**
 * How well a word of the search fits: the words of the code and the name count more than those of vendor and category.
 * A misspelt word counts less than any that occurs.
 */
const POINTS = {
  main: { whole: 60, start: 50, part: 40, misspelt: 12 },
  other: { whole: 30, start: 25, part: 20, misspelt: 8 },
};

/**
 * The products in which every word of a text occurs, in any order, the best first. When there are none, those in which
 * every word occurs with a typing error or two.
 * @param {Product[]} products @param {string} text
 * @returns {{ products: Product[], isApproximate: boolean }}
 */
export function searchProducts(products, text) {
  const words = wordsOf(text.slice(0, MAX_SEARCH_LENGTH)).slice(0, WORD_LIMIT);
  if (words.length === 0) return { products, isApproximate: false };
  const indexed = products.map((product) => ({ product, fields: index(product) }));
  for (const isApproximate of [false, true]) {
    const found = indexed.map(({ product, fields }) => ({ product, points: sum(words.map((word) => bestPoints(word, fields, isApproximate))) }))
      .filter(({ points }) => points > 0);
    // The sort is stable: among equals the order of the catalogue is kept.
    if (found.length > 0) return { products: found.sort((a, b) => b.points - a.points).map(({ product }) => product), isApproximate };
  }
  return { products: [], isApproximate: false };
}

/** @param {number[]} points of each word @returns {number} 0 when a word was not found */
function sum(points) {
  return points.includes(0) ? 0 : points.reduce((total, one) => total + one, 0);
}

/** @typedef {{ text: string, words: string[], points: { whole: number, start: number, part: number, misspelt: number } }} Field */

/** @param {Product} product @returns {Field[]} */
function index({ externalProductId: code, name, vendor, category }) {
  const field = (/** @type {string} */ text, /** @type {Field['points']} */ points) => ({ text: fold(text), words: wordsOf(text), points });
  // A code is found with and without its hyphen.
  return [field(`${code} ${code.replaceAll('-', '')} ${code.replaceAll('-', ' ')} ${name}`, POINTS.main), field(`${vendor} ${category}`, POINTS.other)];
}

/** @param {string} word @param {Field[]} fields @param {boolean} isApproximate @returns {number} 0 when it is not found */
function bestPoints(word, fields, isApproximate) {
  return Math.max(...fields.map(({ text, words, points }) => {
    if (words.includes(word)) return points.whole;
    if (words.some((one) => one.startsWith(word))) return points.start;
    if (text.includes(word)) return points.part;
    return isApproximate && words.some((one) => isMisspelt(word, one)) ? points.misspelt : 0;
  }));
}

/**
 * Whether a word, or its beginning that was typed so far, is another with few errors. Codes differ by a digit, and short
 * words by an error.
 * @param {string} typed @param {string} meant
 */
function isMisspelt(typed, meant) {
  if (typed.length < 4 || /\d/.test(typed) || /\d/.test(meant)) return false;
  const allowed = typed.length < 8 ? 1 : 2;
  return [meant, meant.slice(0, typed.length), meant.slice(0, typed.length + 1)].some((one) => distance(typed, one, allowed) <= allowed);
}

/**
 * The errors between two words: letters too many, missing, wrong, or exchanged with their neighbour (optimal string
 * alignment).
 * @param {string} a @param {string} b @param {number} limit @returns {number} more than `limit` once it is certain
 */
export function distance(a, b, limit) {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  /** @type {number[]} */
  let beforeLast = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      let errors = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (isSame ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) errors = Math.min(errors, at(beforeLast, column - 2) + 1);
      current.push(errors);
    }
    if (Math.min(...current) > limit) return limit + 1;
    [beforeLast, last] = [last, current];
  }
  return at(last, b.length);
}

/** @param {number[]} row @param {number} column */
function at(row, column) {
  return row[column] ?? 0;
}

/** @param {string} text */
function wordsOf(text) {
  return fold(text).split(/[^\p{L}\p{N}-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
}

/**
 * Removes case and accents.
 * @param {string} text
 */
function fold(text) {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
