import { h, keyed } from '../app/dom.js';
import { counted, moment } from '../app/format.js';
import { Problem } from '../rest/problem.js';
import { blank, busyButton, confirmed, failure, heading } from '../parts/pieces.js';
import { View } from '../parts/view.js';

/** @typedef {import('./types.js').Letter} Letter */

export const QUEUES = ['order.accepted', 'order.processed', 'order.failed'];

/** What could not be processed, why, and what is to be done with it. */
export class DeadLettersPage extends View {
  #desk;
  #queue;
  /** @type {Set<string>} */
  #chosen = new Set();
  /** @type {Letter[]} */
  #letters = [];
  #count = h('p', { class: 'result', role: 'status' }, 'Loading…');
  #said = h('p', { class: 'field-error', role: 'alert' });
  #list = h('ul', { class: 'letters', 'aria-label': 'Dead letters' });
  #actions = h('div', { class: 'actions' });
  #rest = h('div');
  /** As the last look found it. */
  #total = -1;
  #boxes = 0;

  /** @param {import('./desk.js').Desk} desk @param {string} queue */
  constructor(desk, queue) {
    super();
    this.#desk = desk;
    this.#queue = QUEUES.includes(queue) ? queue : 'order.accepted';
  }

  render() {
    const all = h('button', { class: 'button button-plain button-small', type: 'button', onclick: () => this.#choose(new Set(this.#letters.map((letter) => letter.id).filter(Boolean))) }, 'Choose all');
    this.#actions.replaceChildren(all,
      busyButton('button button-small', ['Replay'], () => this.#change('replay')),
      busyButton('button button-small button-bad', ['Drop'], () => this.#change('drop')));
    this.replaceChildren(
      heading('Dead letters', this.#count),
      h('nav', { class: 'queue-tabs', 'aria-label': 'Queues' }, QUEUES.map((queue) => h('a', {
        href: `#/dead-letters/${queue}`, 'aria-current': queue === this.#queue ? 'page' : null,
      }, queue))),
      this.#actions, this.#said, this.#list, this.#rest);
    void this.#load();
    // Others add to it and take from it.
    this.until(this.#desk.state.listen((state) => {
      const dead = state?.queues?.find((queue) => queue.name === this.#queue)?.dead;
      if (dead !== undefined && this.#total >= 0 && dead !== this.#total) void this.#load();
    }));
  }

  async #load() {
    try {
      const { total, items } = await this.#desk.api.deadLetters(this.#queue);
      this.#total = total;
      this.#letters = items;
      this.#chosen = new Set([...this.#chosen].filter((id) => items.some((letter) => letter.id === id)));
      this.#count.textContent = total > items.length ? `${items.length} of ${total} letters, the oldest` : counted(total, 'letter');
      // One that was sent back and failed again is another.
      keyed(this.#list, items, (letter) => `${letter.id} ${letter.failedAt}`, (letter) => this.#row(letter));
      this.#actions.hidden = items.length === 0;
      this.#rest.replaceChildren(items.length ? '' : blank('Nothing is dead here', `Every message of ${this.#queue} was processed, or waits its turn.`));
    } catch (error) {
      this.#count.textContent = '';
      this.#rest.replaceChildren(failure(error instanceof Problem ? error.message : 'Something went wrong.', () => void this.#load()));
    }
  }

  /** @param {Letter} letter */
  #row(letter) {
    this.#boxes += 1;
    const id = `letter-${this.#boxes}`;
    const box = h('input', {
      // What has no id cannot be told from others.
      type: 'checkbox', id, value: letter.id, checked: this.#chosen.has(letter.id), disabled: letter.id === '',
      onchange: () => (box.checked ? this.#chosen.add(letter.id) : this.#chosen.delete(letter.id)),
    });
    return h('li', { class: 'letter' }, box,
      h('div', {},
        h('label', { for: id }, letter.reason ?? 'The broker gave no reason.'),
        h('p', { class: 'hint' }, [letter.type || 'no type', `attempt ${letter.attempt}`, letter.sentBy && `from ${letter.sentBy}`, letter.failedAt && moment(letter.failedAt)].filter(Boolean).join(' · ')),
        h('details', {}, h('summary', {}, 'Message'), h('p', { class: 'hint' }, 'Correlation ', h('code', {}, letter.correlationId || 'none')),
          h('pre', { tabindex: '0', role: 'region', 'aria-label': 'Body' }, letter.body))));
  }

  /** @param {Set<string>} chosen */
  #choose(chosen) {
    this.#chosen = chosen;
    for (const box of this.#list.querySelectorAll('input')) box.checked = chosen.has(box.value);
  }

  /** @param {'replay'|'drop'} how */
  async #change(how) {
    this.#said.textContent = '';
    const ids = [...this.#chosen];
    if (ids.length === 0) {
      this.#said.textContent = 'Choose some letters first.';
      return;
    }
    if (how === 'drop' && !await confirmed(`Drop ${counted(ids.length, 'letter')}?`, 'They are gone for good; their orders stay failed.', 'Drop')) return;
    try {
      if (how === 'replay') await this.#desk.api.replay(this.#queue, ids);
      else await this.#desk.api.drop(this.#queue, ids);
      this.#chosen.clear();
    } catch (error) {
      this.#said.textContent = error instanceof Problem ? error.message : 'Something went wrong.';
    }
    await this.#load();
    this.querySelector('h1')?.focus();
  }
}
customElements.define('dead-letters-page', DeadLettersPage);
