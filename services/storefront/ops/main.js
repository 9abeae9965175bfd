import { h } from '../app/dom.js';
import { SignInForm } from '../pages/sign-in-page.js';
import { AppShell, findRoute, signOutButton, themeButton } from '../ui/app-shell.js';
import { emptyState } from '../ui/components.js';
import { ActsPage } from './acts-page.js';
import { ConsoleStore } from './console-store.js';
import { DeadLettersPage } from './dead-letters-page.js';
import { FailoverLabPage } from './failover-lab-page.js';
import { OrderExplanationPage } from './order-explanation-page.js';
import { OperatorOrdersPage } from './orders-page.js';
import { OverviewPage } from './overview-page.js';
import { countText } from './problem-list.js';
import { SessionsPage } from './sessions-page.js';

/** @type {import('../ui/app-shell.js').Route<ConsoleStore>[]} */
const ROUTES = [
  { pattern: '/', title: () => 'Overview', page: (store) => new OverviewPage(store) },
  { pattern: '/orders', title: () => 'Orders', page: (store, _, query) => new OperatorOrdersPage(store, query) },
  { pattern: '/orders/:reference', title: ({ reference = '' }) => `Order ${reference}`, page: (store, { reference = '' }) => new OrderExplanationPage(store, reference) },
  { pattern: '/dead-letters', title: () => 'Dead letters', page: (store, _, query) => new DeadLettersPage(store, '', query) },
  { pattern: '/dead-letters/:queue', title: () => 'Dead letters', page: (store, { queue = '' }, query) => new DeadLettersPage(store, queue, query) },
  { pattern: '/sessions', title: () => 'Sessions', page: (store, _, query) => new SessionsPage(store, query) },
  { pattern: '/audit', title: () => 'Audit log', page: (store) => new ActsPage(store) },
  { pattern: '/lab', title: () => 'Failover lab', page: (store) => new FailoverLabPage(store) },
];
const PHASES = { off: 'Signed out', connecting: 'Connecting…', connected: 'Live', waiting: 'Console unavailable, reconnecting', refused: 'Not an operator' };

/** The operator's console. */
class WaybillConsole extends AppShell {
  #store = new ConsoleStore();

  render() {
    const { session, snapshot, stream, theme } = this.#store;
    const deadLetters = h('a', { href: '#/dead-letters' }, 'Dead letters');
    const overview = h('a', { href: '#/', class: 'nav-problems' }, 'Overview');
    const operator = h('span', { class: 'operator' });
    const navigation = h('nav', { 'aria-label': 'Console' },
      overview, h('a', { href: '#/orders' }, 'Orders'), deadLetters, h('a', { href: '#/sessions' }, 'Sessions'), h('a', { href: '#/audit' }, 'Audit log'), h('a', { href: '#/lab' }, 'Failover lab'));
    const pill = h('span', { class: 'pill', role: 'status' });
    const signOut = signOutButton(session);
    this.start('Waybill operations', session, h('header', { class: 'ops-bar' }, h('div', { class: 'bar' },
      h('a', { class: 'brand', href: '#/' }, h('img', { src: '../images/logo.svg', alt: '', width: 28, height: 28 }), 'Operations'),
      navigation, pill, h('div', { class: 'bar-end' }, operator, themeButton(this, theme), signOut))));
    this.addCleanup(stream.state.watch(({ phase }) => {
      pill.dataset.phase = phase;
      pill.textContent = PHASES[phase];
      if (phase === 'refused') this.showPage();
    }));
    this.addCleanup(snapshot.watch((current) => {
      const dead = (current?.queues ?? []).reduce((sum, queue) => sum + queue.dead, 0);
      const text = dead > 0 ? `Dead letters (${dead})` : 'Dead letters';
      if (deadLetters.textContent !== text) deadLetters.textContent = text;
      const problems = current?.problems ?? [];
      const overviewText = problems.length > 0 ? `Overview (${countText(problems)})` : 'Overview';
      if (overview.textContent !== overviewText) overview.textContent = overviewText;
      overview.dataset.severity = problems[0]?.severity ?? 'none';
    }));
    this.addCleanup(session.current.watch((current) => {
      operator.textContent = current?.userId ?? '';
      for (const element of [navigation, pill, signOut]) element.hidden = current === null;
    }));
  }

  /** @override @param {string} path @param {URLSearchParams} query */
  route(path, query) {
    const { session, stream } = this.#store;
    if (!session.current.value) return { title: 'Sign in', page: this.#signIn() };
    if (stream.state.value.phase === 'refused') {
      return { title: 'Not an operator', page: emptyState('The operator role is required', 'Your token does not carry this role.',
        h('button', { class: 'button', type: 'button', onclick: () => void session.signOut() }, 'Sign in as another user')) };
    }
    return findRoute(ROUTES, this.#store, path, query);
  }

  #signIn() {
    const form = new SignInForm(this.#store.session, { lastUserKey: 'waybill.last-operator', defaultUser: 'OPERATOR' });
    form.classList.add('panel');
    return h('div', { class: 'ops-sign-in' }, h('h1', { tabindex: '-1' }, 'Operations'), form);
  }
}
customElements.define('waybill-console', WaybillConsole);
