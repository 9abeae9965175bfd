import { h } from '../app/dom.js';
import { formatDateTime, formatMoney } from '../app/format.js';
import { errorState, loadingText, pageHeading } from '../ui/components.js';
import { View } from '../ui/view.js';
import { unregistered } from './console-store.js';
import { OrderSearch } from './orders-page.js';

/** @typedef {import('./types.js').Explanation} Explanation */
/** @typedef {import('./types.js').Step} Step */

/** The whole way of one order: what became of it, the next step, and a timeline of its steps. */
export class OrderExplanationPage extends View {
  #store;
  #reference;
  #content = h('div', {}, loadingText());

  /** @param {import('./console-store.js').ConsoleStore} store @param {string} reference */
  constructor(store, reference) {
    super();
    this.#store = store;
    this.#reference = reference;
  }

  render() {
    const reload = h('button', { class: 'button button-plain button-small', type: 'button', onclick: () => void this.#load() }, 'Look again');
    this.replaceChildren(pageHeading(`Order ${this.#reference}`, reload), new OrderSearch().element, this.#content);
    void this.#load();
  }

  async #load() {
    try {
      this.#show(await this.#store.api.explanation(this.#reference));
    } catch (error) {
      this.#content.replaceChildren(errorState(error, () => void this.#load()));
    }
  }

  /** @param {string|undefined|null} customer */
  #noSessions(customer) {
    if (!customer) return 'Not known: nothing says whose order it is.';
    return unregistered(this.#store.snapshot.value).length > 0 ? 'Not known: replicas of order-notification are not ready.' : 'The customer is not connected.';
  }

  /** @param {Explanation} explanation */
  #show({ order, finding, traces, steps, deadLetters, sessions, unknown }) {
    const facts = [
      ['Customer', order.customerId && h('a', { href: `#/orders?user=${encodeURIComponent(order.customerId)}` }, order.customerId)],
      ['Order', order.id], ['Correlation id', h('code', {}, order.correlationId)],
      ['Total', order.total !== undefined && formatMoney(Number(order.total), order.currency)], ['Idempotency key', order.idempotencyKey],
      ['Trace', traces.length > 0 && traces.map((trace) => h('code', {}, `${trace} `))],
      ['In Redis', order.remembered ?? 'nothing of it'], ['Deleted', order.deletedAt && formatDateTime(order.deletedAt)],
    ];
    this.#content.replaceChildren(
      h('section', { class: `panel finding finding-${(order.status ?? 'waiting').toLowerCase()}`, 'aria-label': 'What became of it' },
        h('p', { class: 'finding-summary' }, finding.summary), finding.next ? h('p', { class: 'problem-next' }, h('span', {}, 'Next: '), finding.next) : ''),
      ...unknown.map((text) => h('p', { class: 'notice' }, `Not known: ${text}.`)),
      h('section', { class: 'panel', 'aria-label': 'Timeline' }, h('h2', {}, 'Timeline'), steps.length > 0 ? renderTimeline(steps) : h('p', { class: 'hint' }, 'No step is known.')),
      h('div', { class: 'tables' },
        h('section', { class: 'panel', 'aria-label': 'Order' }, h('h2', {}, 'Order'), h('dl', { class: 'facts' }, facts.filter(([, value]) => value)
          .map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))))),
        h('section', { class: 'panel', 'aria-label': 'Dead letters' }, h('h2', {}, 'Dead letters'), deadLetters.length === 0 ? h('p', { class: 'hint' }, 'None.')
          : deadLetters.map((message) => h('p', {}, h('a', { href: `#/dead-letters/${message.queue}?q=${encodeURIComponent(message.id)}` }, message.queue ?? ''),
            `: ${message.reason ?? 'no reason'}`))),
        h('section', { class: 'panel', 'aria-label': 'Sessions of the customer' }, h('h2', {}, 'Sessions of the customer'),
          sessions.length === 0 ? h('p', { class: 'hint' }, this.#noSessions(order.customerId))
            : h('ul', {}, sessions.map(({ replica, protocol, since }) => h('li', {}, `${replica}, ${protocol}, since ${formatDateTime(since)}`))))));
  }
}
customElements.define('order-explanation-page', OrderExplanationPage);

/**
 * A row for each step, with a bar where in the whole time it was.
 * @param {Step[]} steps
 */
export function renderTimeline(steps) {
  const start = Math.min(...steps.map(({ at }) => at));
  const end = Math.max(start + 1, ...steps.map(({ at, duration = 0 }) => at + duration));
  const share = (/** @type {number} */ time) => `${((time - start) / (end - start) * 100).toFixed(2)}%`;
  return h('ol', { class: 'timeline' }, steps.map(({ at, duration = 0, text, replica, source, error }) => {
    const bar = h('span', { class: duration > 0 ? 'timeline-bar' : 'timeline-bar timeline-point' });
    bar.style.setProperty('margin-left', share(at));
    bar.style.setProperty('width', duration > 0 ? `max(4px, ${share(start + duration)})` : '8px');
    return h('li', { class: error ? 'timeline-step timeline-error' : 'timeline-step' },
      h('span', { class: 'timeline-time' }, formatOffset(at - start)),
      h('span', { class: 'timeline-track', 'aria-hidden': 'true' }, bar),
      h('span', { class: 'timeline-text' }, text, error ? h('strong', {}, `: ${error}`) : '',
        h('span', { class: 'hint' }, ` ${replica ?? source}${duration > 0 ? `, took ${formatOffset(duration)}` : ''}`)));
  }));
}

/** @param {number} microseconds */
export function formatOffset(microseconds) {
  const milliseconds = microseconds / 1000;
  if (Math.abs(milliseconds) < 1000) return `${milliseconds.toFixed(1)} ms`;
  return Math.abs(milliseconds) < 600_000 ? `${(milliseconds / 1000).toFixed(1)} s` : `${Math.round(milliseconds / 60_000)} min`;
}
