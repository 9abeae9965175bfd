import { h, renderKeyed } from '../app/dom.js';
import { billingText, formatMoney, multiplyPrice, pluralize } from '../app/format.js';
import { navigate } from '../app/router.js';
import { cartTotal, itemCount, orderItems } from '../cart/cart.js';
import { customerText, Problem } from '../rest/problem.js';
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
  #unsend = h('button', { class: 'button button-plain', type: 'button', hidden: true, onclick: () => this.#discardUnsent() }, 'Do not send it');
  #leftOut = h('p', { class: 'notice', role: 'status', hidden: true });
  #body = h('div');
  /** Whether an order waits for the browser to be online. */
  #isWaiting = false;
  #isPlacing = false;

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    super();
    this.#app = app;
  }

  render() {
    const { cart, catalogue, leftOut, recovered } = this.#app;
    this.replaceChildren(pageHeading('Your cart', this.#count), this.#leftOut, this.#body);
    this.#leftOut.textContent = leftOut.value;
    this.#leftOut.hidden = leftOut.value === '';
    this.addCleanup(() => {
      leftOut.value = '';
    });
    this.addCleanup(recovered.listen(() => {
      if (this.#isWaiting) void this.#place();
    }));
    this.addCleanup(cart.cart.listen(() => this.#show()));
    this.addCleanup(catalogue.state.watch(() => this.#show()));
    void catalogue.load();
  }

  #show() {
    const cart = this.#app.cart.cart.value;
    const { products } = this.#app.catalogue.state.value;
    this.#count.textContent = pluralize(itemCount(cart), 'item');
    const pending = this.#pendingOrder;
    if (itemCount(cart) === 0 && !pending?.mayExist) {
      if (pending) this.#app.checkout.discard(this.#userId);
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
      this.#error, this.#unsend,
      h('p', { class: 'hint' }, 'The prices are fixed when you place the order.'));
  }

  #notice() {
    const pending = this.#pendingOrder;
    if (!pending) return null;
    if (!pending.mayExist) return h('p', { class: 'notice' }, 'Your order was not placed yet. Place it when you are ready.');
    if (!pending.isOld) {
      const products = pluralize(pending.items.length, 'product');
      return h('p', { class: 'notice' }, `It is not known yet whether an earlier order with ${products} was placed. Placing it again is safe: it is placed only once.`);
    }
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
    if (this.#isPlacing) return;
    this.#isPlacing = true;
    this.#isWaiting = false;
    this.#say('', false);
    const userId = this.#userId;
    try {
      const { order, items: ordered } = await this.#app.orders.place(userId, orderItems(this.#app.cart.cart.value));
      this.#app.cart.removeOrdered(userId, ordered);
      // Another user may have signed in, in another tab.
      if (userId === this.#userId && this.isConnected) navigate(`/orders/${order.id}`);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isPlacing = false;
    }
  }

  /**
   * Says what is known: an order that was not sent, or not taken, does not exist; without an answer it may.
   * @param {unknown} error
   */
  #failed(error) {
    const pending = this.#pendingOrder;
    const mayExist = pending?.mayExist ?? false;
    const reason = customerText(error);
    this.#isWaiting = error instanceof Problem && error.status === 0 && !navigator.onLine;
    if (this.#isWaiting) {
      this.#say(mayExist
        ? `${reason} It is not known whether the order was placed. As soon as you are online it is placed again: it will not be placed twice.`
        : `${reason} The order was not sent. It is sent as soon as you are online.`, !mayExist);
    } else if (error instanceof Problem && error.isUndecided && !pending?.isOld) {
      this.#say(mayExist
        ? `${reason} It is not known whether the order was placed. Place it again: it will not be placed twice.`
        : `${reason} The order was not placed. Please try again in a moment.`, false);
    } else this.#say(reason, false);
  }

  /** @param {string} text @param {boolean} canDiscard */
  #say(text, canDiscard) {
    this.#error.textContent = text;
    this.#unsend.hidden = !canDiscard;
  }

  #discardUnsent() {
    this.#isWaiting = false;
    this.#app.checkout.discard(this.#userId);
    this.#say('', false);
    this.querySelector('h1')?.focus();
  }
}
customElements.define('cart-page', CartPage);
