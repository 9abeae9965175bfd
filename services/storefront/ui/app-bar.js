import { h } from '../app/dom.js';
import { pluralize } from '../app/format.js';
import { itemCount } from '../cart/cart.js';
import { signOutButton, themeButton } from './app-shell.js';
import { ConnectionPill } from './connection-pill.js';
import { icon } from './icons.js';
import { View } from './view.js';

/** The header of every page of the shop. */
export class AppBar extends View {
  #app;

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    super();
    this.#app = app;
  }

  render() {
    const { session, cart, theme } = this.#app;
    const count = h('span', { class: 'count', 'aria-hidden': 'true' });
    const cartLink = h('a', { href: '#/cart' }, icon('cart'), h('span', {}, 'Cart'), count);
    const userId = h('span', { class: 'user-id' });
    const signOut = signOutButton(this.#app, userId);
    const navigation = h('nav', { 'aria-label': 'Main' }, h('a', { href: '#/' }, 'Catalogue'), h('a', { href: '#/orders' }, 'Orders'), cartLink);
    const pill = new ConnectionPill(this.#app.live);
    this.replaceChildren(h('header', { class: 'bar' },
      h('a', { class: 'brand', href: '#/' }, h('img', { src: '/images/logo.svg', alt: '', width: 28, height: 28 }), 'Waybill'),
      navigation, pill, h('div', { class: 'bar-end' }, themeButton(this, theme), signOut)));
    this.addCleanup(session.current.watch((current) => {
      for (const element of [navigation, pill, signOut]) element.hidden = current === null;
      userId.textContent = current?.userId ?? '';
    }));
    this.addCleanup(cart.cart.watch((content) => {
      count.textContent = countText(itemCount(content));
      cartLink.setAttribute('aria-label', `Cart, ${pluralize(itemCount(content), 'item')}`);
    }));
  }
}
customElements.define('app-bar', AppBar);

/** @param {number} count @returns {string} of two digits, for narrow windows */
function countText(count) {
  return count === 0 ? '' : count > 99 ? '99+' : String(count);
}
