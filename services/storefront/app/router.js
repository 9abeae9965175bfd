/**
 * Routes in the URL fragment: the edge serves one file for all of them. It serves the same file for the paths of the
 * pages, so that an address without `#` works too.
 */

/** @param {string} hash of a location @returns {{ path: string, query: URLSearchParams }} */
export function parseRoute(hash) {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  return { path: path || '/', query: new URLSearchParams(query) };
}

/**
 * The address with `#` of a page that was opened without it.
 * @param {{ pathname: string, search: string, hash: string }} location
 * @returns {string|null} null when it has its form already
 */
export function addressWithFragment({ pathname, search, hash }) {
  if (pathname === '/' || pathname === '/index.html') return null;
  return hash.startsWith('#/') ? `/${hash}` : `/#${pathname.replace(/(?<=.)\/$/, '')}${search}`;
}

/**
 * @param {string} pattern such as `/orders/:id`
 * @param {string} path
 * @returns {Record<string, string>|null} the parameters; null when the path does not match
 */
export function match(pattern, path) {
  const [expected, actual] = [pattern.split('/'), path.split('/')];
  if (expected.length !== actual.length) return null;
  /** @type {Record<string, string>} */
  const parameters = {};
  for (const [i, segment] of expected.entries()) {
    const value = actual[i] ?? '';
    if (segment.startsWith(':')) {
      try {
        parameters[segment.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (segment !== value) return null;
  }
  return parameters;
}

/** @param {string} text of a path @returns {number|null} a positive integer in its one spelling */
export function positiveInteger(text) {
  const number = Number(text);
  return /^[1-9][0-9]*$/.test(text) && Number.isSafeInteger(number) ? number : null;
}

/** @param {string} path @param {Record<string, string>} [query] empty values are left out */
export function navigate(path, query) {
  location.hash = withQuery(path, query);
}

/**
 * Changes the query of the page that is shown, without a new entry in the history.
 * @param {string} path @param {Record<string, string>} query empty values are left out
 */
export function replaceQuery(path, query) {
  history.replaceState(history.state, '', `#${withQuery(path, query)}`);
}

/** Leaves nothing of the page in the address. */
export function clearAddress() {
  history.replaceState(null, '', location.pathname);
}

/** @param {string} path @param {Record<string, string>} [query] */
function withQuery(path, query = {}) {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return text === '' ? path : `${path}?${text}`;
}
