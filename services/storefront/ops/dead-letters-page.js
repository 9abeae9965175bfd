import { h, renderKeyed } from '../app/dom.js';
import { formatDateTime, pluralize } from '../app/format.js';
import { errorText } from '../rest/problem.js';
import { actionButton, confirmDialog, emptyState, errorState, pageHeading } from '../ui/components.js';
import { View } from '../ui/view.js';

/** @typedef {import('./types.js').DeadLetter} DeadLetter */

const QUEUES = ['order.accepted', 'order.processed', 'order.failed'];

/** The dead letters of a queue, with their reasons; replays or drops them. */
export class DeadLettersPage extends View {
  #store;
  #queue;
  /** @type {Set<string>} */
  #selectedIDs = new Set();
  /** @type {DeadLetter[]} */
  #deadLetters = [];
  #count = h('p', { class: 'heading-note', role: 'status' }, 'Loading…');
  #error = h('p', { class: 'field-error', role: 'alert' });
  #list = h('ul', { class: 'dead-letters', 'aria-label': 'Dead letters' });
  #actions = h('div', { class: 'actions', hidden: true });
  #message = h('div');
  /** @type {number|null} messages in the queue when it was last loaded */
  #total = null;
  #rowCount = 0;

  /** @param {import('./console-store.js').ConsoleStore} store @param {string} queue */
  constructor(store, queue) {
    super();
    this.#store = store;
    this.#queue = QUEUES.includes(queue) ? queue : 'order.accepted';
  }

  render() {
    this.#actions.replaceChildren(
      h('button', {
        class: 'button button-plain button-small', type: 'button',
        onclick: () => this.#select(this.#deadLetters.map((deadLetter) => deadLetter.id).filter(Boolean)),
      }, 'Select all'),
      actionButton('button button-small', ['Replay'], () => this.#apply('replay')),
      actionButton('button button-small button-danger', ['Drop'], () => this.#apply('drop')));
    this.replaceChildren(
      pageHeading('Dead letters', this.#count),
      h('nav', { class: 'queue-tabs', 'aria-label': 'Queues' }, QUEUES.map((queue) => h('a', {
        href: `#/dead-letters/${queue}`, 'aria-current': queue === this.#queue ? 'page' : null,
      }, queue))),
      this.#actions, this.#error, this.#list, this.#message);
    void this.#load();
    // The queue changes by other means too.
    this.addCleanup(this.#store.snapshot.listen((snapshot) => {
      const dead = snapshot?.queues?.find((queue) => queue.name === this.#queue)?.dead;
      if (dead !== undefined && this.#total !== null && dead !== this.#total) void this.#load();
    }));
  }

  async #load() {
    try {
      const { total, items } = await this.#store.api.deadLetters(this.#queue);
      this.#total = total;
      this.#deadLetters = items;
      this.#selectedIDs = new Set(items.map(({ id }) => id).filter((id) => this.#selectedIDs.has(id)));
      this.#count.textContent = total > items.length ? `The oldest ${items.length} of ${total} messages` : pluralize(total, 'message');
      // A message that was replayed and failed again has a new row.
      renderKeyed(this.#list, items, ({ id, failedAt }) => `${id} ${failedAt}`, (deadLetter) => this.#renderRow(deadLetter));
      this.#actions.hidden = items.length === 0;
      this.#message.replaceChildren(items.length ? '' : emptyState('No dead letters', `No message of ${this.#queue} was dead-lettered.`));
    } catch (error) {
      this.#count.textContent = '';
      this.#message.replaceChildren(errorState(error, () => void this.#load()));
    }
  }

  /** @param {DeadLetter} deadLetter */
  #renderRow({ id, reason, type, attempt, sentBy, failedAt, correlationId, body }) {
    this.#rowCount += 1;
    const inputId = `dead-letter-${this.#rowCount}`;
    const checkbox = h('input', {
      // A message without an id cannot be addressed.
      type: 'checkbox', id: inputId, value: id, checked: this.#selectedIDs.has(id), disabled: id === '',
      onchange: () => (checkbox.checked ? this.#selectedIDs.add(id) : this.#selectedIDs.delete(id)),
    });
    const facts = [type || 'no type', `attempt ${attempt}`, sentBy && `from ${sentBy}`, failedAt && formatDateTime(failedAt)];
    return h('li', { class: 'dead-letter' }, checkbox,
      h('div', {},
        h('label', { for: inputId }, reason ?? 'No reason was recorded.'),
        h('p', { class: 'hint' }, facts.filter(Boolean).join(' · ')),
        h('details', {}, h('summary', {}, 'Message'), h('p', { class: 'hint' }, 'Correlation id ', h('code', {}, correlationId || 'none')),
          h('pre', { tabindex: '0', role: 'region', 'aria-label': 'Body' }, body))));
  }

  /** @param {string[]} ids */
  #select(ids) {
    this.#selectedIDs = new Set(ids);
    for (const checkbox of this.#list.querySelectorAll('input')) checkbox.checked = this.#selectedIDs.has(checkbox.value);
  }

  /** @param {'replay'|'drop'} action */
  async #apply(action) {
    this.#error.textContent = '';
    const ids = [...this.#selectedIDs];
    if (ids.length === 0) {
      this.#error.textContent = 'Select at least one message.';
      return;
    }
    if (action === 'drop' && !await confirmDialog(`Drop ${pluralize(ids.length, 'message')}?`, 'The messages are deleted permanently. Their orders stay failed.', 'Drop')) return;
    try {
      await this.#store.api[action](this.#queue, ids);
      this.#selectedIDs.clear();
    } catch (error) {
      this.#error.textContent = errorText(error);
    }
    await this.#load();
    this.querySelector('h1')?.focus();
  }
}
customElements.define('dead-letters-page', DeadLettersPage);
