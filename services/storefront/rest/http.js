import { Problem } from './problem.js';

const TIMEOUT = 15_000; // milliseconds
export const JSON_CONTENT = { 'Content-Type': 'application/json' };

/**
 * The user who is signed in, and tokens of that user alone: nothing is sent, and nothing received, for another.
 * @typedef {{
 *   userId: string|null, requireUser(userId: string|null): void, token(userId?: string|null): Promise<string>,
 *   replaceRejectedToken(userId?: string|null): Promise<string>,
 * }} TokenSource
 */

/**
 * `fetch` with a deadline.
 * @param {string} url
 * @param {RequestInit} [options]
 * @param {string} [service] as error messages name it
 * @param {typeof fetch} [send]
 * @returns {Promise<Response>}
 * @throws {Problem} with status 0 when there is no response
 */
export async function request(url, options = {}, service = 'The service', send = fetch) {
  const isOffline = () => globalThis.navigator?.onLine === false;
  const wasOffline = isOffline();
  try {
    // Debian's TypeScript does not declare AbortSignal.timeout() yet.
    const signal = /** @type {any} */ (AbortSignal).timeout(TIMEOUT);
    return await send(url, { cache: 'no-store', signal, ...options });
  } catch {
    const problem = new Problem(0, isOffline() ? 'You are offline.' : `${service} cannot be reached.`);
    problem.wasNotSent = wasOffline;
    throw problem;
  }
}

/**
 * Sends a request with the session's token; after a 401 once more, with a new token.
 * @param {TokenSource} session @param {(authorization: { Authorization: string }) => Promise<Response>} send
 * @param {string|null} [userId] for whom
 */
export async function withToken(session, send, userId = session.userId) {
  const bearer = (/** @type {string} */ token) => ({ Authorization: `Bearer ${token}` });
  const response = await send(bearer(await session.token(userId)));
  return response.status === 401 ? send(bearer(await session.replaceRejectedToken(userId))) : response;
}

/**
 * Begins a trace (W3C Trace Context) in the page: one id leads from here through every service to the push. Whether it is
 * sampled is decided by the service.
 */
function newTraceparent() {
  const hex = (/** @type {number} */ count) => Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `00-${hex(16)}-${hex(8)}-01`;
}

/** JSON requests with the session's token. */
export class JSONClient {
  #session;
  #service;

  /** @param {TokenSource} session @param {string} service as error messages name it */
  constructor(session, service) {
    this.#session = session;
    this.#service = service;
  }

  /**
   * @param {string} method @param {string} path @param {object} [body] @param {Record<string, string>} [headers]
   * @param {string|null} [userId] for whom
   * @returns {Promise<any>} the response body; null when it is empty
   * @throws {Problem}
   */
  async send(method, path, body, headers, userId = this.#session.userId) {
    const trace = { traceparent: newTraceparent() };
    const response = await withToken(this.#session, (authorization) => request(path, {
      method, headers: { ...authorization, ...trace, ...(body === undefined ? {} : JSON_CONTENT), ...headers }, body: body && JSON.stringify(body),
    }, this.#service), userId);
    if (!response.ok) throw await Problem.from(response);
    const result = response.status === 204 ? null : await response.json().catch(() => {
      throw new Problem(0, 'The response is incomplete.');
    });
    this.#session.requireUser(userId);
    return result;
  }
}
