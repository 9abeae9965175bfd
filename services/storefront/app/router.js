/** Routes in the URL fragment: the edge serves one file for all of them. */

/** @param {string} hash of a location @returns {{ path: string, query: URLSearchParams }} */
export function parseRoute(hash) {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  return { path: path || '/', query: new URLSearchParams(query) };
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

/** @param {string} path */
export function navigate(path) {
  location.hash = path;
}
