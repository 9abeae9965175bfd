import { CartPage } from '../pages/cart-page.js';
import { CataloguePage } from '../pages/catalogue-page.js';
import { OrderPage } from '../pages/order-page.js';
import { OrdersPage } from '../pages/orders-page.js';
import { ProductPage } from '../pages/product-page.js';
import { SignInPage } from '../pages/sign-in-page.js';
import { AppBar } from '../parts/app-bar.js';
import { blank } from '../parts/pieces.js';
import { ToastList } from '../parts/toast-list.js';
import { View } from '../parts/view.js';
import { App } from './app.js';
import { h } from './dom.js';
import { match, place } from './router.js';

/** @typedef {{ pattern: string, title: (parts: Record<string, string>) => string, page: (app: App, parts: Record<string, string>, query: URLSearchParams) => HTMLElement }} Route */

/** @type {Route[]} */
const ROUTES = [
  { pattern: '/', title: () => 'Catalogue', page: (app, _, query) => new CataloguePage(app, query) },
  { pattern: '/products/:id', title: ({ id = '' }) => id, page: (app, { id = '' }) => new ProductPage(app, id) },
  { pattern: '/cart', title: () => 'Cart', page: (app) => new CartPage(app) },
  { pattern: '/orders', title: () => 'Orders', page: (app) => new OrdersPage(app) },
  { pattern: '/orders/:id', title: ({ id = '' }) => `Order ${id}`, page: (app, { id = '' }) => new OrderPage(app, Number(id)) },
];

/** The frame around the pages; shows the one that the address names. */
class WaybillApp extends View {
  #app = new App();
  #bar = new AppBar(this.#app);
  #main = h('main', { id: 'main', tabindex: '-1' });
  #shown = '';
  #isFirst = true;

  render() {
    const skip = h('a', {
      class: 'skip', href: '#main',
      onclick: (/** @type {Event} */ event) => {
        event.preventDefault(); // The fragment is the route.
        this.#main.focus();
      },
    }, 'Skip to the content');
    this.replaceChildren(skip, this.#bar, this.#main, new ToastList(this.#app));
    addEventListener('hashchange', () => this.#route());
    let userId = this.#app.session.current.value?.userId;
    this.#app.session.current.listen((current) => {
      // A renewed token changes nothing that is seen.
      if (current?.userId === userId) return;
      userId = current?.userId;
      this.#shown = '';
      this.#route();
    });
    this.#route();
  }

  #route() {
    const { path, query } = place(location.hash);
    if (path === this.#shown) return;
    this.#shown = path;
    const { title, page } = this.#page(path, query);
    document.title = `${title} · Waybill`;
    this.#bar.mark(path);
    this.#main.replaceChildren(page);
    // Nobody asked for the first page by a click: then the focus stays where the browser puts it.
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (isFirst) return;
    scrollTo(0, 0);
    (this.#main.querySelector('h1') ?? this.#main).focus({ preventScroll: true });
  }

  /** @param {string} path @param {URLSearchParams} query */
  #page(path, query) {
    if (!this.#app.session.current.value) return { title: 'Sign in', page: new SignInPage(this.#app) };
    for (const { pattern, title, page } of ROUTES) {
      const parts = match(pattern, path);
      if (parts) return { title: title(parts), page: page(this.#app, parts, query) };
    }
    return { title: 'Not found', page: blank('There is no such page', 'The address may have been cut off.', h('a', { class: 'button', href: '#/' }, 'To the catalogue')) };
  }
}
customElements.define('waybill-app', WaybillApp);
