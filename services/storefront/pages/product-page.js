import { h } from '../app/dom.js';
import { billing, money } from '../app/format.js';
import { back, blank, failure, picture } from '../parts/pieces.js';
import { ProductCard } from '../parts/product-card.js';
import { QuantityField } from '../parts/quantity-field.js';
import { View } from '../parts/view.js';

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
    this.until(catalogue.stock.watch(({ products, phase, reason }) => {
      const product = products.get(this.#id);
      if (isShown && phase !== 'ready') return;
      if (product) {
        isShown = true;
        const kin = [...products.values()].filter((other) => other.vendor === product.vendor && other !== product);
        this.replaceChildren(...this.#product(product, kin.slice(0, 4)));
      } else if (phase === 'failed') this.replaceChildren(failure(reason, () => void catalogue.load()));
      else if (phase === 'ready') {
        this.replaceChildren(blank('No such product', `Nothing is sold as ${this.#id}.`, h('a', { class: 'button', href: '#/' }, 'To the catalogue')));
      } else this.replaceChildren(h('p', { class: 'waiting', role: 'status' }, 'Loading…'));
    }));
    void catalogue.load();
  }

  /** @param {Product} product @param {Product[]} kin */
  #product(product, kin) {
    const id = product.externalProductId;
    const quantity = new QuantityField(product.name, 1, () => {});
    const facts = [
      ['Code', id], ['Vendor', product.vendor], ['Category', product.category],
      ['Access', product.isSubscription ? `Subscription, billed ${product.billingPeriod === 'Monthly' ? 'monthly' : 'yearly'}` : 'One payment'],
    ];
    return [
      back('#/', 'Catalogue'),
      h('div', { class: 'product' },
        picture(product.imageUrl, 'product-picture'),
        h('div', { class: 'product-facts' },
          h('p', { class: 'overline' }, product.vendor),
          h('h1', { tabindex: '-1' }, product.name),
          h('p', { class: 'price price-large' }, money(product.price), h('small', {}, billing(product)),
            product.discount > 0 && h('span', { class: 'discount' }, `${product.discount} % off included`)),
          h('dl', { class: 'facts' }, facts.map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value)))),
          h('div', { class: 'actions' }, quantity, h('button', {
            class: 'button', type: 'button',
            onclick: () => {
              this.#app.cart.add(id, quantity.value);
              this.#app.toast(`${quantity.value} × ${id} in your cart`, 'plain', '#/cart');
            },
          }, 'Add to cart')))),
      h('section', { class: 'kin', hidden: kin.length === 0 }, h('h2', {}, `More from ${product.vendor}`),
        h('div', { class: 'grid' }, kin.map((other) => new ProductCard(other, this.#app)))),
    ];
  }
}
customElements.define('product-page', ProductPage);
