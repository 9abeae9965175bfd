/** What a service refused, in its own words; or that it could not be reached. */
export class Problem extends Error {
  /**
   * @param {number} status 0 when there was no answer at all
   * @param {string} message for people
   * @param {Record<string, string[]>} [errors] by field
   */
  constructor(status, message, errors = {}) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.errors = errors;
  }

  /**
   * Whether the request may have been carried out all the same: no answer, an answer of something in between,
   * or a first attempt that is still under way (409).
   */
  get isUndecided() {
    return this.status === 0 || this.status === 408 || this.status === 409 || this.status === 429 || this.status >= 500;
  }

  /** @param {Response} response */
  static async of(response) {
    /** @type {any} */
    let body = {};
    try {
      body = await response.json();
    } catch {
      // Not JSON: then the status must do.
    }
    const errors = body.errors ?? {};
    const first = Object.values(errors).flat()[0];
    return new Problem(response.status, first ?? body.detail ?? body.error ?? body.title ?? fallback(response.status), errors);
  }
}

/** @param {number} status */
function fallback(status) {
  return status === 404 ? 'It is not there.' : `The service answered ${status}.`;
}
