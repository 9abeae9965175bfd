import { h } from '../app/dom.js';
import { counted } from '../app/format.js';
import { pieces } from '../cart/cart.js';
import { ConnectionPill } from './connection-pill.js';
import { icon } from './icons.js';
import { View } from './view.js';

const THEMES = { auto: 'as the system', light: 'light', dark: 'dark' };

/** The top of every page. */
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
    const themeButton = h('button', { class: 'quiet', type: 'button', onclick: () => theme.next() });
    const who = h('span', { class: 'who' });
    const member = [
      h('nav', { 'aria-label': 'Main' }, h('a', { href: '#/' }, 'Catalogue'), h('a', { href: '#/orders' }, 'Orders'), cartLink),
      new ConnectionPill(this.#app.live),
    ];
    const leave = h('button', { class: 'quiet', type: 'button', 'aria-label': 'Sign out', title: 'Sign out', onclick: () => void session.signOut() },
      who, icon('exit'));
    this.replaceChildren(h('header', { class: 'bar' },
      h('a', { class: 'brand', href: '#/' }, h('img', { src: 'images/mark.svg', alt: '', width: 28, height: 28 }), 'Waybill'),
      ...member, h('div', { class: 'bar-end' }, themeButton, leave)));
    this.until(session.current.watch((current) => {
      for (const element of [...member, leave]) element.hidden = current === null;
      who.textContent = current?.userId ?? '';
    }));
    this.until(cart.cart.watch((now) => {
      count.textContent = pieces(now) ? String(pieces(now)) : '';
      cartLink.setAttribute('aria-label', `Cart, ${counted(pieces(now), 'item')}`);
    }));
    this.until(theme.theme.watch((now) => {
      themeButton.replaceChildren(icon(now));
      themeButton.title = `Colours: ${THEMES[now]}`;
      themeButton.setAttribute('aria-label', `Colours: ${THEMES[now]}. Change`);
    }));
  }

  /** @param {string} path of the page that is shown */
  mark(path) {
    for (const link of this.querySelectorAll('nav a')) {
      const own = link.getAttribute('href')?.slice(1) ?? '';
      const isHere = own === '/' ? path === '/' || path.startsWith('/products/') : path.startsWith(own);
      if (isHere) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }
}
customElements.define('app-bar', AppBar);
