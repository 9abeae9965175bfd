import { h } from '../app/dom.js';
import { emptyState, errorState, loadingText, pageHeading } from '../ui/components.js';
import { View } from '../ui/view.js';
import { tableRow } from './table.js';

const COLUMNS = ['When', 'Who', 'What', 'Of what'];
const when = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** What operators did, newest first. */
export class ActsPage extends View {
  #store;
  #content = h('div', {}, loadingText());

  /** @param {import('./console-store.js').ConsoleStore} store */
  constructor(store) {
    super();
    this.#store = store;
  }

  render() {
    this.replaceChildren(pageHeading('Audit log'), this.#content);
    void this.#load();
  }

  async #load() {
    try {
      const acts = await this.#store.api.acts();
      this.#content.replaceChildren(acts.length === 0 ? emptyState('Nothing yet', 'Replays, drops, closed sessions and stopped replicas are listed here.')
        : h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Audit log, table' }, h('table', { class: 'acts' },
          h('thead', {}, h('tr', {}, COLUMNS.map((name) => h('th', { scope: 'col' }, name)))),
          h('tbody', {}, acts.map(({ at, operator, act, subject }) => tableRow(COLUMNS, [when.format(new Date(at)), operator, act, h('span', { class: 'subject' }, subject)]))))));
    } catch (error) {
      this.#content.replaceChildren(errorState(error, () => void this.#load()));
    }
  }
}
customElements.define('acts-page', ActsPage);
