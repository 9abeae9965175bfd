import { h } from '../app/dom.js';
import { MAX_QUANTITY } from '../cart/cart.js';
import { View } from './view.js';

/** A quantity with buttons that decrease and increase it. */
export class QuantityField extends View {
  #name;
  #onChange;
  #input;

  /** @param {string} name of the product @param {number} value @param {(value: number) => void} onChange */
  constructor(name, value, onChange) {
    super();
    this.#name = name;
    this.#onChange = onChange;
    this.#input = h('input', {
      type: 'number', min: 1, max: MAX_QUANTITY, step: 1, value, inputmode: 'numeric', 'aria-label': `Quantity of ${name}`,
      onchange: () => this.#set(this.#input.valueAsNumber),
    });
  }

  get value() {
    return this.#input.valueAsNumber || 1;
  }

  set value(value) {
    // A change from another tab does not overwrite the input that is being edited.
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
    const allowed = Math.min(Math.max(Math.trunc(value) || 1, 1), MAX_QUANTITY);
    this.#input.value = String(allowed);
    this.#onChange(allowed);
  }
}
customElements.define('quantity-field', QuantityField);
