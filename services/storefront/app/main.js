import { CartPage } from '../pages/cart-page.js';
import { CataloguePage } from '../pages/catalogue-page.js';
import { noSuchOrder, OrderPage } from '../pages/order-page.js';
import { OrdersPage } from '../pages/orders-page.js';
import { ProductPage } from '../pages/product-page.js';
import { SignInPage } from '../pages/sign-in-page.js';
import { AppBar } from '../ui/app-bar.js';
import { AppShell, findRoute } from '../ui/app-shell.js';
import { ToastList } from '../ui/toast-list.js';
import { App } from './app.js';
import { addressWithFragment, positiveInteger } from './router.js';

/** @type {import('../ui/app-shell.js').Route<App>[]} */
const ROUTES = [
  { pattern: '/', title: () => 'Catalogue', page: (app, _, query) => new CataloguePage(app, query) },
  { pattern: '/products/:id', title: ({ id = '' }) => id, page: (app, { id = '' }) => new ProductPage(app, id) },
  { pattern: '/cart', title: () => 'Cart', page: (app) => new CartPage(app) },
  { pattern: '/orders', title: () => 'Orders', page: (app, _, query) => new OrdersPage(app, query) },
  { pattern: '/orders/:id', title: ({ id = '' }) => `Order ${id}`, page: (app, { id = '' }) => orderPage(app, positiveInteger(id)) },
];

/** @param {App} app @param {number|null} id */
function orderPage(app, id) {
  return id === null ? noSuchOrder() : new OrderPage(app, id);
}

/** The shop. */
class WaybillApp extends AppShell {
  #app = new App();

  render() {
    this.start('Waybill', this.#app.session, new AppBar(this.#app), new ToastList(this.#app));
  }

  /** @override @param {string} path @param {URLSearchParams} query */
  route(path, query) {
    if (!this.#app.session.current.value) return { title: 'Sign in', page: new SignInPage(this.#app) };
    return findRoute(ROUTES, this.#app, path, query);
  }
}

const address = addressWithFragment(location);
if (address !== null) history.replaceState(history.state, '', address);
customElements.define('waybill-app', WaybillApp);
