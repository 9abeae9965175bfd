import { MOST } from '../cart/cart.js';
import { h } from '../app/dom.js';
import { View } from './view.js';

/** A number with a button on either side. */
export class QuantityField extends View {
  #name;
  #changed;
  #input;

  /** @param {string} name of the product @param {number} value @param {(value: number) => void} changed */
  constructor(name, value, changed) {
    super();
    this.#name = name;
    this.#changed = changed;
    this.#input = h('input', {
      type: 'number', min: 1, max: MOST, step: 1, value, inputmode: 'numeric', 'aria-label': `Quantity of ${name}`,
      onchange: () => this.#set(this.#input.valueAsNumber),
    });
  }

  get value() {
    return this.#input.valueAsNumber || 1;
  }

  set value(value) {
    // Not while it is typed into: another tab's change would garble it.
    if (document.activeElement !== this.#input || this.#input.valueAsNumber !== value) this.#input.value = String(value);
  }

  render() {
    this.replaceChildren(
      h('button', { type: 'button', 'aria-label': `One less of ${this.#name}`, onclick: () => this.#set(this.value - 1) }, '−'),
      this.#input,
      h('button', { type: 'button', 'aria-label': `One more of ${this.#name}`, onclick: () => this.#set(this.value + 1) }, '+'));
  }

  /** @param {number} value */
  #set(value) {
    const allowed = Math.min(Math.max(Math.trunc(value) || 1, 1), MOST);
    this.#input.value = String(allowed);
    this.#changed(allowed);
  }
}
customElements.define('quantity-field', QuantityField);
