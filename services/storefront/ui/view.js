/** An element that stops listening when it leaves the page. Views use light DOM: one set of styles, plain labels. */
export class View extends HTMLElement {
  /** @type {(() => void)[]} */
  #stops = [];

  /** @param {() => void} stop */
  until(stop) {
    this.#stops.push(stop);
  }

  connectedCallback() {
    this.render();
  }

  disconnectedCallback() {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** Once, when the element enters the page. */
  render() {}
}
