import { h, renderKeyed } from '../app/dom.js';
import { billingText, formatMoney, multiplyPrice, pluralize } from '../app/format.js';
import { navigate } from '../app/router.js';
import { cartTotal, itemCount, orderItems } from '../cart/cart.js';
import { errorText, Problem } from '../rest/problem.js';
import { actionButton, emptyState, pageHeading, productImage } from '../ui/components.js';
import { QuantityField } from '../ui/quantity-field.js';
import { View } from '../ui/view.js';

/** @typedef {{ productId: string, quantity: number }} Line */

export class CartPage extends View {
  #app;
  #lines = h('ul', { class: 'lines', 'aria-label': 'Products in the cart' });
  #count = h('p', { class: 'heading-note', role: 'status' });
  #total = h('strong');
  #error = h('p', { class: 'field-error', role: 'alert' });
  #body = h('div');

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    super();
    this.#app = app;
  }

  render() {
    const { cart, catalogue } = this.#app;
    this.replaceChildren(pageHeading('Your cart', this.#count), this.#body);
    this.addCleanup(cart.cart.listen(() => this.#show()));
    this.addCleanup(catalogue.state.watch(() => this.#show()));
    void catalogue.load();
  }

  #show() {
    const cart = this.#app.cart.cart.value;
    const { products } = this.#app.catalogue.state.value;
    this.#count.textContent = pluralize(itemCount(cart), 'item');
    if (itemCount(cart) === 0 && !this.#pendingOrder) {
      this.#body.replaceChildren(emptyState('Your cart is empty', 'Products that you add are kept here, in all tabs, until you place an order.',
        h('a', { class: 'button', href: '#/' }, 'Browse the catalogue')));
      return;
    }
    renderKeyed(this.#lines, orderItems(cart), (line) => line.productId,
      (line) => this.#line(line), (element, line) => this.#update(element, line));
    for (const element of this.#lines.children) {
      if (element instanceof HTMLElement) this.#describe(element, products.get(element.dataset.key ?? ''));
    }
    this.#total.textContent = formatMoney(cartTotal(cart, products));
    if (!this.#body.contains(this.#lines)) this.#body.replaceChildren(h('div', { class: 'cart' }, this.#lines, this.#summary()));
  }

  get #pendingOrder() {
    return this.#app.checkout.pending(this.#userId);
  }

  get #userId() {
    return this.#app.session.current.value?.userId ?? '';
  }

  /** @param {Line} line */
  #line({ productId, quantity }) {
    const { cart } = this.#app;
    return h('li', { class: 'line' }, h('a', { class: 'line-name', href: `#/products/${encodeURIComponent(productId)}` }, productId),
      new QuantityField(productId, quantity, (value) => cart.setQuantity(productId, value)),
      h('span', { class: 'line-total' }),
      h('button', {
        class: 'button-ghost', type: 'button', 'aria-label': `Remove ${productId}`,
        onclick: () => {
          cart.setQuantity(productId, 0);
          this.querySelector('h1')?.focus(); // The focused button was removed.
        },
      }, 'Remove'));
  }

  /** @param {HTMLElement} element @param {Line} line */
  #update(element, { quantity }) {
    const field = element.querySelector('quantity-field');
    if (field instanceof QuantityField) field.value = quantity;
  }

  /**
   * Called again when the products have been loaded.
   * @param {HTMLElement} element @param {import('../app/types.js').Product} [product]
   */
  #describe(element, product) {
    if (!product) return;
    const link = element.querySelector('.line-name');
    if (link && !element.querySelector('img')) {
      element.prepend(productImage(product.imageUrl, 'line-image'));
      link.replaceChildren(product.name, h('small', {}, `${product.externalProductId} · ${formatMoney(product.price)} ${billingText(product)}`));
    }
    const quantity = this.#app.cart.cart.value[product.externalProductId] ?? 0;
    const sum = element.querySelector('.line-total');
    if (sum) sum.textContent = formatMoney(multiplyPrice(product.price, quantity));
  }

  #summary() {
    return h('aside', { class: 'panel summary', 'aria-label': 'Summary' },
      h('h2', {}, 'Summary'),
      this.#notice(),
      h('div', { class: 'summary-total' }, h('span', {}, 'Total'), this.#total),
      actionButton('button button-wide', ['Place order'], () => this.#place()),
      this.#error,
      h('p', { class: 'hint' }, 'The prices are fixed when you place the order.'));
  }

  #notice() {
    const pending = this.#pendingOrder;
    if (!pending) return null;
    if (!pending.isOld) return h('p', { class: 'notice' }, 'An earlier order has not been answered yet. Placing it again is safe: it is placed only once.');
    const { checkout } = this.#app;
    return h('div', { class: 'notice' },
      h('p', {}, 'An order was never answered, and that was long ago: placing it again may place it twice. See whether it is among ',
        h('a', { href: '#/orders' }, 'your orders'), '.'),
      actionButton('button-ghost', ['Forget it'], async () => {
        checkout.discard(this.#userId);
        this.#renew();
      }),
      actionButton('button-ghost', ['Place it again'], () => {
        checkout.placeAnew(this.#userId);
        return this.#place();
      }));
  }

  #renew() {
    this.#body.replaceChildren();
    this.#show();
  }

  async #place() {
    this.#error.textContent = '';
    const userId = this.#userId;
    try {
      const { order, items: ordered } = await this.#app.orders.place(userId, orderItems(this.#app.cart.cart.value));
      this.#app.cart.removeOrdered(userId, ordered);
      // Another user may have signed in, in another tab.
      if (userId === this.#userId) navigate(`/orders/${order.id}`);
    } catch (error) {
      this.#error.textContent = error instanceof Problem && error.isUndecided
        ? `${error.message} ${error.status === 429 ? 'Wait a moment.' : 'It is not known whether the order was placed.'} Place it again: it will not be placed twice.`
        : errorText(error);
    }
  }
}
customElements.define('cart-page', CartPage);
