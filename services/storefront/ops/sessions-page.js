import { h } from '../app/dom.js';
import { formatDateTime } from '../app/format.js';
import { navigate, parseRoute } from '../app/router.js';
import { emptyState, errorState, pageHeading } from '../ui/components.js';
import { View } from '../ui/view.js';
import { unregistered } from './console-store.js';
import { tableRow } from './table.js';

/** @typedef {import('./types.js').ConnectedSession} ConnectedSession */

const COLUMNS = ['Session', 'Replica', 'Protocol', 'Since', 'Position', 'Act'];

/** The connected sessions of a user, who is in the address. */
export class SessionsPage extends View {
  #store;
  #user = h('input', { id: 'session-user', type: 'search', autocomplete: 'off', spellcheck: 'false', maxlength: 128, required: true });
  #content = h('div');
  #message = h('p', { role: 'status' });

  /** @param {import('./console-store.js').ConsoleStore} store @param {URLSearchParams} query */
  constructor(store, query) {
    super();
    this.#store = store;
    this.#user.value = query.get('user') ?? '';
  }

  render() {
    const form = h('form', {
      class: 'filters', role: 'search', 'aria-label': 'Find sessions',
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        const query = new URLSearchParams({ user: this.#user.value.trim() });
        if (parseRoute(location.hash).query.get('user') === query.get('user')) void this.#load();
        else navigate(`/sessions?${query}`);
      },
    }, h('div', { class: 'field' }, h('label', { for: 'session-user' }, 'Customer'), this.#user), h('button', { class: 'button' }, 'Find'));
    this.replaceChildren(pageHeading('Sessions'), form, this.#message, this.#content);
    const listener = () => {
      const { path, query } = parseRoute(location.hash);
      if (path !== '/sessions') return;
      this.#user.value = query.get('user') ?? '';
      this.#message.textContent = '';
      void this.#load();
    };
    addEventListener('hashchange', listener);
    this.addCleanup(() => removeEventListener('hashchange', listener));
    void this.#load();
  }

  async #load() {
    const user = this.#user.value.trim();
    if (!user) return this.#content.replaceChildren(h('p', { class: 'hint' }, 'Replicas register their sessions every five seconds.'));
    try {
      this.#show(user, await this.#store.api.sessions(user));
    } catch (error) {
      this.#content.replaceChildren(errorState(error, () => void this.#load()));
    }
  }

  /** @param {string} user @param {ConnectedSession[]} sessions */
  #show(user, sessions) {
    const silent = unregistered(this.#store.snapshot.value);
    if (sessions.length === 0 && silent.length > 0) {
      return this.#content.replaceChildren(emptyState('Not known', `${silent.join(', ')} is not ready, and does not register its sessions.`));
    }
    if (sessions.length === 0) return this.#content.replaceChildren(emptyState('Not connected', `${user} has no open page.`));
    const all = sessions.length === 1 ? '' : h('button', { class: 'button button-plain', type: 'button', onclick: () => void this.#close(user) }, `Close all ${sessions.length}`);
    this.#content.replaceChildren(
      h('p', { class: 'hint' }, 'A closed session connects anew, perhaps to another replica, and goes on where it was: nothing is missed.'), all,
      h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Sessions, table' }, h('table', {},
        h('thead', {}, h('tr', {}, COLUMNS.map((name) => h('th', { scope: 'col' }, name)))),
        h('tbody', {}, sessions.map((session) => this.#row(user, session))))));
  }

  /** @param {string} user @param {ConnectedSession} session */
  #row(user, { id, replica, protocol, since, position }) {
    return tableRow(COLUMNS, [h('span', { class: 'subject' }, id), replica, protocol, formatDateTime(since), position ?? 'not read yet',
      h('button', { class: 'button button-plain', type: 'button', 'aria-label': `Close session ${id}`, onclick: () => void this.#close(user, id) }, 'Close')]);
  }

  /** @param {string} user @param {string} [id] */
  async #close(user, id) {
    try {
      const { closed, unanswered } = await this.#store.api.closeSessions(user, id);
      this.#message.textContent = `${closed} closed.${unanswered.length === 0 ? '' : ` ${unanswered.join(', ')} did not answer.`}`;
    } catch (error) {
      this.#message.textContent = error instanceof Error ? error.message : String(error);
    }
  }
}
customElements.define('sessions-page', SessionsPage);
