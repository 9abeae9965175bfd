import { h } from '../app/dom.js';
import { match, place } from '../app/router.js';
import { SignInForm } from '../pages/sign-in-page.js';
import { icon } from '../parts/icons.js';
import { blank } from '../parts/pieces.js';
import { View } from '../parts/view.js';
import { DeadLettersPage } from './dead-letters-page.js';
import { Desk } from './desk.js';
import { LabPage } from './lab-page.js';
import { OverviewPage } from './overview-page.js';

/** @type {{ pattern: string, title: string, page: (desk: Desk, parts: Record<string, string>) => HTMLElement }[]} */
const ROUTES = [
  { pattern: '/', title: 'Overview', page: (desk) => new OverviewPage(desk) },
  { pattern: '/dead-letters', title: 'Dead letters', page: (desk) => new DeadLettersPage(desk, '') },
  { pattern: '/dead-letters/:queue', title: 'Dead letters', page: (desk, { queue = '' }) => new DeadLettersPage(desk, queue) },
  { pattern: '/lab', title: 'Failover lab', page: (desk) => new LabPage(desk) },
];
const WORDS = { off: 'Signed out', connecting: 'Connecting…', connected: 'Live', waiting: 'Console away, trying again', refused: 'Not an operator' };

/** The frame around the console's pages. */
class WaybillConsole extends View {
  #desk = new Desk();
  #bar = h('header', { class: 'ops-bar' });
  #main = h('main', { id: 'main', tabindex: '-1' });
  #shown = '';
  #isFirst = true;

  render() {
    const { session, theme, feed } = this.#desk;
    const nav = h('nav', { 'aria-label': 'Console' },
      h('a', { href: '#/' }, 'Overview'), h('a', { href: '#/dead-letters' }, 'Dead letters'), h('a', { href: '#/lab' }, 'Failover lab'));
    const pill = h('span', { class: 'pill', role: 'status' });
    const colours = h('button', { class: 'quiet', type: 'button', onclick: () => theme.next() });
    const leave = h('button', { class: 'quiet', type: 'button', 'aria-label': 'Sign out', title: 'Sign out', onclick: () => void session.signOut() }, icon('exit'));
    this.#bar.replaceChildren(h('div', { class: 'bar' },
      h('a', { class: 'brand', href: '#/' }, h('img', { src: '../images/mark.svg', alt: '', width: 28, height: 28 }), 'Operations'),
      nav, pill, h('div', { class: 'bar-end' }, colours, leave)));
    this.replaceChildren(h('a', {
      class: 'skip', href: '#main',
      onclick: (/** @type {Event} */ event) => {
        event.preventDefault(); // The fragment is the route.
        this.#main.focus();
      },
    }, 'Skip to the content'), this.#bar, this.#main);
    feed.state.watch(({ phase }) => {
      pill.dataset.phase = phase;
      pill.textContent = WORDS[phase];
      if (phase === 'refused') this.#route(true);
    });
    theme.theme.watch((now) => {
      colours.replaceChildren(icon(now));
      colours.setAttribute('aria-label', `Colours: ${now}. Change`);
    });
    let userId = session.current.value?.userId;
    session.current.watch((current) => {
      for (const element of [nav, pill, leave]) element.hidden = current === null;
      if (current?.userId === userId) return;
      userId = current?.userId;
      this.#route(true);
    });
    addEventListener('hashchange', () => this.#route());
    this.#route();
  }

  #route(isForced = false) {
    const { path } = place(location.hash);
    if (path === this.#shown && !isForced) return;
    this.#shown = path;
    const { title, page } = this.#page(path);
    document.title = `${title} · Waybill operations`;
    for (const link of this.#bar.querySelectorAll('nav a')) {
      const own = link.getAttribute('href')?.slice(1) ?? '';
      if (own === '/' ? path === '/' : path.startsWith(own)) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    this.#main.replaceChildren(page);
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (!isFirst) (this.#main.querySelector('h1') ?? this.#main).focus({ preventScroll: true });
  }

  /** @param {string} path */
  #page(path) {
    const { session, feed } = this.#desk;
    if (!session.current.value) return { title: 'Sign in', page: this.#signIn() };
    if (feed.state.value.phase === 'refused') {
      return { title: 'Not an operator', page: blank('This takes the role of an operator', 'Your token does not carry it.',
        h('button', { class: 'button', type: 'button', onclick: () => void session.signOut() }, 'Sign in as somebody else')) };
    }
    for (const { pattern, title, page } of ROUTES) {
      const parts = match(pattern, path);
      if (parts) return { title, page: page(this.#desk, parts) };
    }
    return { title: 'Not found', page: blank('There is no such page', 'The address may have been cut off.', h('a', { class: 'button', href: '#/' }, 'To the overview')) };
  }

  #signIn() {
    const form = new SignInForm(this.#desk, { remembered: 'waybill.last-operator', suggestion: 'OPERATOR' });
    form.classList.add('panel');
    return h('div', { class: 'ops-sign-in' }, h('h1', { tabindex: '-1' }, 'Operations'), form);
  }
}
customElements.define('waybill-console', WaybillConsole);
