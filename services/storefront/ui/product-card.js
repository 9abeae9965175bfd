import { h } from '../app/dom.js';
import { billingText, formatMoney } from '../app/format.js';
import { productImage } from './components.js';
import { View } from './view.js';

/** A product in the catalogue's grid. */
export class ProductCard extends View {
  #product;
  #app;

  /** @param {import('../app/types.js').Product} product @param {import('../app/app.js').App} app */
  constructor(product, app) {
    super();
    this.#product = product;
    this.#app = app;
  }

  render() {
    const product = this.#product;
    const id = product.externalProductId;
    const inCart = h('span', { class: 'in-cart' });
    this.replaceChildren(
      h('article', { class: 'card' },
        productImage(product.imageUrl, 'card-image'),
        product.discount > 0 && h('span', { class: 'discount' }, `−${product.discount} %`),
        h('div', { class: 'card-body' },
          h('p', { class: 'overline' }, product.vendor),
          h('h2', { class: 'card-title' }, h('a', { href: `#/products/${encodeURIComponent(id)}` }, product.name)),
          h('div', { class: 'card-foot' },
            h('p', { class: 'price' }, formatMoney(product.price), h('small', {}, billingText(product))),
            h('button', {
              class: 'button button-small', type: 'button', 'aria-label': `Add ${id}, ${product.name}, to the cart`,
              onclick: () => {
                this.#app.cart.add(id);
                this.#app.toast(`${id} is in your cart`, 'info', '#/cart');
              },
            }, 'Add', inCart)))));
    this.addCleanup(this.#app.cart.cart.watch((cart) => {
      inCart.textContent = Object.hasOwn(cart, id) ? String(cart[id]) : '';
    }));
  }
}
customElements.define('product-card', ProductCard);
