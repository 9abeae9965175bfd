import { h } from '../app/dom.js';
import { match, parseRoute } from '../app/router.js';
import { ScrollPositions } from '../app/scroll-positions.js';
import { emptyState } from './components.js';
import { icon } from './icons.js';
import { View } from './view.js';

/**
 * @template C
 * @typedef {object} Route
 * @property {string} pattern
 * @property {(parameters: Record<string, string>) => string} title
 * @property {(context: C, parameters: Record<string, string>, query: URLSearchParams) => HTMLElement} page
 */

/** The frame around the pages of an application: shows the page that the URL fragment names. */
export class AppShell extends View {
  #applicationName = '';
  #main = h('main', { id: 'main', tabindex: '-1' });
  /** @type {HTMLElement|null} */
  #bar = null;
  /** @type {string|null} */
  #currentPath = null;
  #scroll = new ScrollPositions();

  /**
   * @param {string} applicationName
   * @param {import('../session/session.js').Session} session a change of user shows the page again
   * @param {HTMLElement} bar
   * @param {...HTMLElement} overlays
   */
  start(applicationName, session, bar, ...overlays) {
    this.#applicationName = applicationName;
    this.#bar = bar;
    const skipLink = h('a', {
      class: 'skip-link', href: '#main',
      onclick: (/** @type {Event} */ event) => {
        event.preventDefault(); // The fragment is the route.
        this.#main.focus();
      },
    }, 'Skip to the content');
    this.replaceChildren(skipLink, bar, this.#main, ...overlays);
    addEventListener('hashchange', () => this.#navigated());
    let userId = session.current.value?.userId;
    session.current.listen((current) => {
      if (current?.userId === userId) return; // Only the token was renewed.
      userId = current?.userId;
      this.#scroll.forget();
      this.showPage();
    });
    this.showPage(this.#scroll.enter());
  }

  #navigated() {
    const position = this.#scroll.enter();
    const { path, query } = parseRoute(location.hash);
    if (path !== this.#currentPath) return this.showPage(position);
    const page = this.#main.firstElementChild;
    if (page instanceof View) page.followQuery(query);
    this.#scroll.restore(position ?? 0);
  }

  /** @param {string} _path @param {URLSearchParams} _query @returns {{ title: string, page: HTMLElement }} */
  route(_path, _query) {
    throw new Error('A subclass implements route().');
  }

  /** @param {number|null} [position] how far to scroll down; null for the first time */
  showPage(position = null) {
    const { path, query } = parseRoute(location.hash);
    const isFirstPage = this.#currentPath === null;
    this.#currentPath = path;
    const { title, page } = this.route(path, query);
    document.title = `${title} · ${this.#applicationName}`;
    for (const link of this.#bar?.querySelectorAll('nav a') ?? []) {
      if (isWithin(link.getAttribute('href') ?? '', path)) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    this.#main.replaceChildren(page);
    if (position !== null || !isFirstPage) this.#scroll.restore(position ?? 0);
    // The first page is not the result of a click: the focus stays where the browser puts it.
    if (isFirstPage) return;
    (this.#main.querySelector('h1') ?? this.#main).focus({ preventScroll: true });
  }
}

/**
 * @template C
 * @param {Route<C>[]} routes @param {C} context @param {string} path @param {URLSearchParams} query
 */
export function findRoute(routes, context, path, query) {
  for (const { pattern, title, page } of routes) {
    const parameters = match(pattern, path);
    if (parameters) return { title: title(parameters), page: page(context, parameters, query) };
  }
  return {
    title: 'Not found',
    page: emptyState('Page not found', 'The address may be incomplete.', h('a', { class: 'button', href: '#/' }, 'To the start page')),
  };
}

/** @param {string} href of a navigation link; the products belong to the start page @param {string} path */
function isWithin(href, path) {
  return href === '#/' ? path === '/' || path.startsWith('/products/') : path.startsWith(href.slice(1));
}

const THEME_NAMES = { auto: 'system', light: 'light', dark: 'dark' };

/** @param {View} view @param {import('../app/theme.js').ThemePreference} preference */
export function themeButton(view, preference) {
  const button = h('button', { class: 'button-ghost', type: 'button', onclick: () => preference.next() });
  view.addCleanup(preference.theme.watch((theme) => {
    button.replaceChildren(icon(theme));
    button.title = `Theme: ${THEME_NAMES[theme]}`;
    button.setAttribute('aria-label', `Theme: ${THEME_NAMES[theme]}. Change`);
  }));
  return button;
}

/**
 * @param {{ signOut(): Promise<void> }} session
 * @param {...import('../app/dom.js').Child} content before the icon
 */
export function signOutButton(session, ...content) {
  return h('button', {
    class: 'button-ghost', type: 'button', 'aria-label': 'Sign out', title: 'Sign out', onclick: () => void session.signOut(),
  }, ...content, icon('exit'));
}
