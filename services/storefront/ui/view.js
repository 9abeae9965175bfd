/** A custom element that ends its subscriptions when it leaves the page. Uses light DOM, for one set of styles. */
export class View extends HTMLElement {
  /** @type {(() => void)[]} */
  #cleanups = [];

  /** @param {() => void} cleanup runs when the element leaves the page */
  addCleanup(cleanup) {
    this.#cleanups.push(cleanup);
  }

  connectedCallback() {
    this.render();
  }

  disconnectedCallback() {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
  }

  /** Runs once, when the element enters the page. */
  render() {}

  /**
   * The address of this page has another query.
   * @param {URLSearchParams} _query
   */
  followQuery(_query) {}
}
