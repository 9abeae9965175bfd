import { Problem } from '../rest/problem.js';
import { h, keyed } from '../app/dom.js';
import { billing, counted, money } from '../app/format.js';
import { go } from '../app/router.js';
import { items, pieces, total } from '../cart/cart.js';
import { blank, busyButton, heading, picture } from '../parts/pieces.js';
import { QuantityField } from '../parts/quantity-field.js';
import { View } from '../parts/view.js';

/** @typedef {{ productId: string, quantity: number }} Line */

export class CartPage extends View {
  #app;
  #lines = h('ul', { class: 'lines', 'aria-label': 'Products in the cart' });
  #count = h('p', { class: 'result', role: 'status' });
  #total = h('strong');
  #said = h('p', { class: 'field-error', role: 'alert' });
  #body = h('div');

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    super();
    this.#app = app;
  }

  render() {
    const { cart, catalogue } = this.#app;
    this.replaceChildren(heading('Your cart', this.#count), this.#body);
    this.until(cart.cart.listen(() => this.#show()));
    this.until(catalogue.stock.watch(() => this.#show()));
    void catalogue.load();
  }

  #show() {
    const cart = this.#app.cart.cart.value;
    const { products } = this.#app.catalogue.stock.value;
    this.#count.textContent = counted(pieces(cart), 'item');
    if (pieces(cart) === 0 && !this.#undecided) {
      this.#body.replaceChildren(blank('Your cart is empty', 'What you add stays here, in every tab, until you order it.',
        h('a', { class: 'button', href: '#/' }, 'Browse the catalogue')));
      return;
    }
    keyed(this.#lines, items(cart), (line) => line.productId,
      (line) => this.#line(line), (element, line) => this.#update(element, line));
    for (const element of this.#lines.children) {
      if (element instanceof HTMLElement) this.#describe(element, products.get(element.dataset.key ?? ''));
    }
    this.#total.textContent = money(total(cart, products));
    if (!this.#body.contains(this.#lines)) this.#body.replaceChildren(h('div', { class: 'cart' }, this.#lines, this.#summary()));
  }

  get #undecided() {
    return this.#app.checkout.pending(this.#userId);
  }

  get #userId() {
    return this.#app.session.current.value?.userId ?? '';
  }

  /** @param {Line} line */
  #line({ productId, quantity }) {
    const { cart } = this.#app;
    return h('li', { class: 'line' }, h('a', { class: 'line-name', href: `#/products/${encodeURIComponent(productId)}` }, productId),
      new QuantityField(productId, quantity, (value) => cart.set(productId, value)),
      h('span', { class: 'line-total' }),
      h('button', {
        class: 'quiet', type: 'button', 'aria-label': `Remove ${productId}`,
        onclick: () => {
          cart.set(productId, 0);
          this.querySelector('h1')?.focus(); // The button that had the focus is gone.
        },
      }, 'Remove'));
  }

  /** @param {HTMLElement} element @param {Line} line */
  #update(element, { quantity }) {
    const field = element.querySelector('quantity-field');
    if (field instanceof QuantityField) field.value = quantity;
  }

  /**
   * The products may come after the cart.
   * @param {HTMLElement} element @param {import('../app/types.js').Product} [product]
   */
  #describe(element, product) {
    if (!product) return;
    const link = element.querySelector('.line-name');
    if (link && !element.querySelector('img')) {
      element.prepend(picture(product.imageUrl, 'line-picture'));
      link.replaceChildren(product.name, h('small', {}, `${product.externalProductId} · ${money(product.price)} ${billing(product)}`));
    }
    const quantity = this.#app.cart.cart.value[product.externalProductId] ?? 0;
    const sum = element.querySelector('.line-total');
    if (sum) sum.textContent = money(Math.round(product.price * 100) * quantity / 100);
  }

  #summary() {
    return h('aside', { class: 'panel summary', 'aria-label': 'Summary' },
      h('h2', {}, 'Summary'),
      this.#undecided && h('p', { class: 'notice' }, 'An earlier order has not been answered yet. Placing it again settles it; it is never placed twice.'),
      h('div', { class: 'summary-total' }, h('span', {}, 'Total'), this.#total),
      busyButton('button button-wide', ['Place order'], () => this.#place()),
      this.#said,
      h('p', { class: 'hint' }, 'Prices are fixed the moment you order.'));
  }

  async #place() {
    this.#said.textContent = '';
    try {
      const { order, items: ordered } = await this.#app.orders.place(this.#userId, items(this.#app.cart.cart.value));
      this.#app.cart.settle(ordered);
      go(`/orders/${order.id}`);
    } catch (error) {
      this.#said.textContent = !(error instanceof Problem) ? 'Something went wrong.'
        : error.isUndecided ? `${error.message} We do not know yet whether the order was taken. Place it again: it will not be placed twice.`
          : error.message;
    }
  }
}
customElements.define('cart-page', CartPage);
