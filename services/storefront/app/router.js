/**
 * Routes in the fragment: the edge then serves one file, and a link opened in a new tab just works.
 * @typedef {{ path: string, query: URLSearchParams }} Place
 */

/** @param {string} hash of a location @returns {Place} */
export function place(hash) {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  return { path: path || '/', query: new URLSearchParams(query) };
}

/**
 * @param {string} pattern like `/orders/:id`
 * @param {string} path
 * @returns {Record<string, string>|null} the named parts; null when it does not match
 */
export function match(pattern, path) {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return null;
  /** @type {Record<string, string>} */
  const parts = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? '';
    if (part.startsWith(':')) {
      try {
        parts[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return parts;
}

/** @param {string} path */
export function go(path) {
  location.hash = path;
}
