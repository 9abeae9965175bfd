import { h } from '../app/dom.js';
import { billingText, formatMoney } from '../app/format.js';
import { describeProduct } from '../catalogue/product-description.js';
import { backLink, emptyState, errorState, loadingText, productImage } from '../ui/components.js';
import { ProductCard } from '../ui/product-card.js';
import { QuantityField } from '../ui/quantity-field.js';
import { View } from '../ui/view.js';

/** @typedef {import('../app/types.js').Product} Product */

export class ProductPage extends View {
  #app;
  #id;

  /** @param {import('../app/app.js').App} app @param {string} id */
  constructor(app, id) {
    super();
    this.#app = app;
    this.#id = id;
  }

  render() {
    const { catalogue } = this.#app;
    let isShown = false;
    this.addCleanup(catalogue.state.watch(({ products, phase, error }) => {
      const product = products.get(this.#id);
      if (isShown && phase !== 'ready') return;
      if (product) {
        isShown = true;
        const related = [...products.values()].filter((other) => other.vendor === product.vendor && other !== product);
        this.replaceChildren(...this.#product(product, related.slice(0, 4)));
      } else if (phase === 'failed') this.replaceChildren(errorState(error, () => void catalogue.load(), true));
      else if (phase === 'ready') {
        this.replaceChildren(emptyState('No such product', `There is no product with the code ${this.#id}.`, h('a', { class: 'button', href: '#/' }, 'To the catalogue')));
      } else this.replaceChildren(loadingText());
    }));
    void catalogue.load();
  }

  /** @param {Product} product @param {Product[]} related */
  #product(product, related) {
    const id = product.externalProductId;
    const quantity = new QuantityField(product.name, 1, () => {});
    const facts = [
      ['Code', id], ['Vendor', product.vendor], ['Category', product.category],
      ['Access', product.isSubscription ? `Subscription, billed ${product.billingPeriod === 'Monthly' ? 'monthly' : 'yearly'}` : 'One payment'],
    ];
    return [
      backLink('#/', 'Catalogue'),
      h('div', { class: 'product' },
        productImage(product.imageUrl, 'product-image'),
        h('div', { class: 'product-facts' },
          h('p', { class: 'overline' }, product.vendor),
          h('h1', { tabindex: '-1' }, product.name),
          h('p', { class: 'price price-large' }, formatMoney(product.price), h('small', {}, billingText(product)),
            product.discount > 0 && h('span', { class: 'discount' }, `${product.discount} % off included`)),
          h('dl', { class: 'facts' }, facts.map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value)))),
          h('div', { class: 'actions' }, quantity, h('button', {
            class: 'button', type: 'button',
            onclick: () => {
              this.#app.cart.add(id, quantity.value);
              this.#app.toast(`${quantity.value} × ${id} in your cart`, 'info', '#/cart');
            },
          }, 'Add to cart')))),
      h('section', { class: 'description', 'aria-labelledby': 'about' }, h('h2', { id: 'about' }, 'About this course'),
        describeProduct(product).map((paragraph) => h('p', {}, paragraph))),
      h('section', { class: 'related', hidden: related.length === 0 }, h('h2', {}, `More from ${product.vendor}`),
        h('div', { class: 'grid' }, related.map((other) => new ProductCard(other, this.#app)))),
    ];
  }
}
customElements.define('product-page', ProductPage);
