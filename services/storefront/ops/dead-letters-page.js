import { h, renderKeyed } from '../app/dom.js';
import { formatDateTime, pluralize } from '../app/format.js';
import { navigate, parseRoute } from '../app/router.js';
import { errorText } from '../rest/problem.js';
import { actionButton, confirmDialog, emptyState, errorState, pageHeading } from '../ui/components.js';
import { View } from '../ui/view.js';
import { ReplayProgress } from './replay-progress.js';

/** @typedef {import('./types.js').DeadLetter} DeadLetter */
/** @typedef {import('./console-api.js').Choice} Choice */

const QUEUES = ['order.accepted', 'order.processed', 'order.failed'];
const SIZE = 50;

/** The dead letters of a queue by their reasons; found, replayed, dropped. The filter is in the address. */
export class DeadLettersPage extends View {
  #store;
  #queue;
  #reason;
  #text;
  #offset = 0;
  /** @type {Set<string>} */
  #selectedIDs = new Set();
  /** @type {DeadLetter[]} */
  #deadLetters = [];
  #count = h('p', { class: 'heading-note', role: 'status' }, 'Loading…');
  #error = h('p', { class: 'field-error', role: 'alert' });
  #done = h('p', { class: 'hint', role: 'status' });
  #groups = h('ul', { class: 'groups', 'aria-label': 'Reasons' });
  #list = h('ul', { class: 'dead-letters', 'aria-label': 'Dead letters' });
  #actions = h('div', { class: 'actions', hidden: true });
  #message = h('div');
  #progress;
  #tabs = h('nav', { class: 'queue-tabs', 'aria-label': 'Queues' });
  #newer = h('button', { class: 'button button-plain button-small', type: 'button', onclick: () => this.#turn(-SIZE) }, 'Previous');
  #older = h('button', { class: 'button button-plain button-small', type: 'button', onclick: () => this.#turn(SIZE) }, 'Next');
  #pages = h('div', { class: 'actions', hidden: true }, this.#newer, this.#older);
  #search = h('input', { id: 'dead-letter-search', type: 'search', autocomplete: 'off', placeholder: 'order, customer, id or reason' });
  /** @type {number|null} messages in the queue when it was last loaded */
  #total = null;
  #rowCount = 0;

  /** @param {import('./console-store.js').ConsoleStore} store @param {string} queue @param {URLSearchParams} query */
  constructor(store, queue, query) {
    super();
    this.#store = store;
    this.#queue = QUEUES.includes(queue) ? queue : 'order.accepted';
    this.#reason = query.get('reason');
    this.#text = query.get('q') ?? '';
    this.#search.value = this.#text;
    this.#progress = new ReplayProgress(store.api, () => void this.#load());
  }

  render() {
    this.#actions.replaceChildren(
      h('button', {
        class: 'button button-plain button-small', type: 'button',
        onclick: () => this.#select(this.#deadLetters.map((deadLetter) => deadLetter.id).filter(Boolean)),
      }, 'Select all'),
      actionButton('button button-small', ['Replay'], () => this.#apply('replay')),
      actionButton('button button-small button-danger', ['Drop'], () => this.#apply('drop')));
    const form = h('form', {
      class: 'filters', role: 'search', 'aria-label': 'Filter',
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        this.#go(this.#reason, this.#search.value.trim());
      },
    }, h('div', { class: 'field' }, h('label', { for: this.#search.id }, 'Find'), this.#search), h('button', { class: 'button button-plain' }, 'Find'));
    this.replaceChildren(pageHeading('Dead letters', this.#count), this.#tabs, this.#progress.element, this.#groups, form, this.#actions, this.#error, this.#done,
      this.#list, this.#pages, this.#message);
    void this.#load();
    const listener = () => {
      const { path, query } = parseRoute(location.hash);
      if (!path.startsWith('/dead-letters')) return;
      this.#reason = query.get('reason');
      this.#text = query.get('q') ?? '';
      this.#search.value = this.#text;
      this.#offset = 0;
      void this.#load();
    };
    addEventListener('hashchange', listener);
    this.addCleanup(() => removeEventListener('hashchange', listener));
    // The queue changes by other means too.
    this.addCleanup(this.#store.snapshot.watch((snapshot) => {
      this.#showTabs();
      const dead = snapshot?.queues?.find((queue) => queue.name === this.#queue)?.dead;
      if (dead !== undefined && this.#total !== null && dead !== this.#total) void this.#load();
    }));
    this.addCleanup(() => this.#progress.stop());
  }

  #showTabs() {
    const queues = this.#store.snapshot.value?.queues;
    renderKeyed(this.#tabs, QUEUES, (queue) => queue, (queue) => h('a', { href: `#/dead-letters/${queue}`, 'aria-current': queue === this.#queue ? 'page' : null }, queue),
      (element, queue) => {
        const dead = queues?.find(({ name }) => name === queue)?.dead ?? 0;
        const text = dead > 0 ? `${queue} (${dead})` : queue;
        if (element.textContent !== text) element.textContent = text;
      });
  }

  /** @param {string|null} reason @param {string} text */
  #go(reason, text) {
    const query = new URLSearchParams();
    if (reason !== null) query.set('reason', reason);
    if (text) query.set('q', text);
    navigate(`/dead-letters/${this.#queue}${String(query) && `?${query}`}`);
  }

  /** @param {number} step */
  #turn(step) {
    this.#offset = Math.max(0, this.#offset + step);
    void this.#load();
  }

  async #load() {
    try {
      /** @type {Record<string, string>} */
      const filter = { offset: String(this.#offset), size: String(SIZE) };
      if (this.#reason !== null) filter.reason = this.#reason;
      if (this.#text) filter.q = this.#text;
      const { total, read, matching, items, groups } = await this.#store.api.deadLetters(this.#queue, filter);
      this.#total = total;
      this.#deadLetters = items;
      this.#selectedIDs = new Set(items.map(({ id }) => id).filter((id) => this.#selectedIDs.has(id)));
      const part = matching === total ? pluralize(total, 'message') : `${matching} of ${pluralize(total, 'message')}`;
      this.#count.textContent = read < total ? `${part}; the oldest ${read} were looked at` : part;
      renderKeyed(this.#groups, groups, ({ reason, count }) => `${count} ${reason}`, (group) => this.#renderGroup(group));
      this.#groups.hidden = groups.length === 0;
      // A message that was replayed and failed again has a new row.
      renderKeyed(this.#list, items, ({ id, failedAt }) => `${id} ${failedAt}`, (deadLetter) => this.#renderRow(deadLetter));
      this.#actions.hidden = items.length === 0;
      this.#pages.hidden = matching <= SIZE;
      this.#newer.disabled = this.#offset === 0;
      this.#older.disabled = this.#offset + SIZE >= matching;
      this.#message.replaceChildren(items.length ? '' : total > 0 ? emptyState('No such dead letters', 'Another filter may find them.', h('a', { class: 'button', href: `#/dead-letters/${this.#queue}` }, 'Show all'))
        : emptyState('No dead letters', `No message of ${this.#queue} was dead-lettered.`));
    } catch (error) {
      this.#count.textContent = '';
      this.#message.replaceChildren(errorState(error, () => void this.#load()));
    }
  }

  /** @param {{ reason: string, count: number, words: string, isHopeless: boolean, senders: string[] }} group */
  #renderGroup({ reason, count, words, isHopeless, senders }) {
    const isChosen = reason === this.#reason;
    const replay = actionButton(`button button-small${isHopeless ? ' button-plain' : ''}`, [count === 1 ? 'Replay' : `Replay all ${count}`], () => this.#change('replay', { reason }, count));
    const drop = actionButton('button button-small button-danger', [count === 1 ? 'Drop' : `Drop all ${count}`], () => this.#change('drop', { reason }, count));
    return h('li', { class: 'group' },
      h('p', {}, h('strong', {}, `${count} × `), reason || 'No reason was recorded.', senders.length > 0 ? h('span', { class: 'hint' }, ` from ${senders.join(', ')}`) : ''),
      h('p', { class: 'hint' }, words),
      h('div', { class: 'actions' },
        h('button', { class: 'button button-plain button-small', type: 'button', 'aria-pressed': String(isChosen), onclick: () => this.#go(isChosen ? null : reason, this.#text) }, 'Show these'),
        actionButton('button button-plain button-small', ['Save as a file'], () => this.#save(reason)),
        ...(isHopeless ? [drop, replay] : [replay, drop])));
  }

  /**
   * With whole bodies: what is dropped may still be asked for.
   * @param {string} reason
   */
  async #save(reason) {
    try {
      /** @type {DeadLetter[]} */
      const messages = [];
      for (let matching = 1; messages.length < matching;) {
        const page = await this.#store.api.deadLetters(this.#queue, { reason, whole: 'true', offset: String(messages.length), size: '200' });
        if (page.items.length === 0) break;
        messages.push(...page.items);
        matching = page.matching;
      }
      const url = URL.createObjectURL(new Blob([JSON.stringify(messages, null, 2)], { type: 'application/json' }));
      h('a', { href: url, download: `${this.#queue}-dead-letters.json` }).click();
      URL.revokeObjectURL(url);
      this.#done.textContent = `${pluralize(messages.length, 'message')} saved.`;
    } catch (error) {
      this.#error.textContent = errorText(error);
    }
  }

  /** @param {DeadLetter} deadLetter */
  #renderRow({ id, orderId, customerId, reason, type, attempt, sentBy, failedAt, correlationId, traceId, body }) {
    this.#rowCount += 1;
    const inputId = `dead-letter-${this.#rowCount}`;
    const checkbox = h('input', {
      // A message without an id cannot be addressed.
      type: 'checkbox', id: inputId, value: id, checked: this.#selectedIDs.has(id), disabled: id === '',
      onchange: () => (checkbox.checked ? this.#selectedIDs.add(id) : this.#selectedIDs.delete(id)),
    });
    const facts = [type || 'no type', `attempt ${attempt}`, sentBy && `from ${sentBy}`, failedAt && formatDateTime(failedAt)];
    const order = correlationId && h('a', { href: `#/orders/${correlationId}` }, orderId === null ? 'Its order' : `Order ${orderId}`);
    return h('li', { class: 'dead-letter' }, checkbox,
      h('div', {},
        h('label', { for: inputId }, reason ?? 'No reason was recorded.'),
        h('p', {}, order, customerId ? ` of ${customerId}` : ''),
        h('p', { class: 'hint' }, facts.filter(Boolean).join(' · ')),
        h('details', {}, h('summary', {}, 'Message'),
          h('p', { class: 'hint' }, 'Message id ', h('code', {}, id || 'none'), ', correlation id ', h('code', {}, correlationId || 'none'), ', trace ', h('code', {}, traceId ?? 'none')),
          h('pre', { tabindex: '0', role: 'region', 'aria-label': 'Body' }, body))));
  }

  /** @param {string[]} ids */
  #select(ids) {
    this.#selectedIDs = new Set(ids);
    for (const checkbox of this.#list.querySelectorAll('input')) checkbox.checked = this.#selectedIDs.has(checkbox.value);
  }

  /** @param {'replay'|'drop'} action */
  async #apply(action) {
    const ids = [...this.#selectedIDs];
    this.#error.textContent = ids.length === 0 ? 'Select at least one message.' : '';
    if (ids.length > 0) await this.#change(action, { ids }, ids.length);
  }

  /** @param {'replay'|'drop'} action @param {Choice} choice @param {number} count */
  async #change(action, choice, count) {
    this.#error.textContent = '';
    this.#done.textContent = '';
    const loss = 'They are deleted permanently. Orders that were recorded as FAILED stay so; of others, nothing but the message says that they were placed: save them first.';
    if (action === 'drop' && !await confirmDialog(`Drop ${pluralize(count, 'message')}?`, loss, 'Drop', count === 1 ? 'Keep it' : 'Keep them')) return;
    try {
      if (action === 'replay') this.#progress.follow(await this.#store.api.startReplay(this.#queue, choice));
      else {
        const { dropped } = await this.#store.api.drop(this.#queue, choice);
        this.#done.textContent = `${pluralize(dropped.length, 'message')} dropped.`;
      }
      this.#selectedIDs.clear();
    } catch (error) {
      this.#error.textContent = errorText(error);
    }
    await this.#load();
    this.querySelector('h1')?.focus();
  }
}
customElements.define('dead-letters-page', DeadLettersPage);
