/** An error response of a service (RFC 9457), or a request without a response. */
export class Problem extends Error {
  /**
   * @param {number} status 0 when there was no response
   * @param {string} message shown to the user
   * @param {Record<string, string[]>} [errors] by field
   * @param {number} [retryAfter] in milliseconds, as the service asks
   */
  constructor(status, message, errors = {}, retryAfter = 0) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.errors = errors;
    this.retryAfter = retryAfter;
  }

  /** Whether the browser was offline before the request, which was therefore not sent. */
  wasNotSent = false;

  /** Whether the service says that nothing was carried out; without a word of it, any 5xx may have been. */
  saysNothingDone = false;

  /** Whether the request was certainly not carried out; false also when that is not known. */
  get isWithoutEffect() {
    return this.wasNotSent || !this.isUndecided || this.status === 429 || this.saysNothingDone;
  }

  /**
   * Whether the request may have been carried out: there was no response, an intermediary answered, or the first
   * attempt is still in progress (409).
   */
  get isUndecided() {
    return this.status === 0 || this.status === 408 || this.status === 409 || this.status === 429 || this.status >= 500;
  }

  /** @param {Response} response */
  static async from(response) {
    /** @type {any} */
    const body = await response.json().catch(() => ({})) ?? {};
    const errors = body.errors ?? {};
    const first = Object.values(errors).flat()[0];
    const fallback = response.status === 404 ? 'Not found.' : `The service answered with status ${response.status}.`;
    const seconds = Number(response.headers.get('Retry-After'));
    const problem = new Problem(
      response.status, first ?? body.detail ?? body.error ?? body.title ?? fallback, errors, seconds > 0 ? seconds * 1_000 : 0);
    problem.saysNothingDone = body.effect === 'none';
    return problem;
  }
}

/** @param {unknown} error @param {string} [fallback] for an error that is not a `Problem` */
export function errorText(error, fallback = 'An unexpected error occurred.') {
  return error instanceof Problem ? error.message : fallback;
}

/**
 * What failed: a server, or what was asked for.
 * @param {unknown} error
 */
export function errorTitle(error) {
  const status = error instanceof Problem ? error.status : 500;
  return status === 404 ? 'Not found' : status === 400 ? 'This cannot be looked up' : 'The request failed';
}

/**
 * For customers, who know nothing of services and replicas.
 * @param {unknown} error @param {string} [fallback] for an error that is not a `Problem`
 */
export function customerText(error, fallback = 'Something went wrong on this page. Please reload it.') {
  if (!(error instanceof Problem)) return fallback;
  if (error.status === 401) return 'Please sign in again.';
  if (error.status === 429) return 'There were too many requests at once. Please wait a moment.';
  if (error.status === 422) return 'An earlier order may have been placed with other products. Please look at your orders first.';
  return error.status >= 500 ? 'The shop cannot answer at the moment.' : error.message;
}
