import { h, keyed } from '../app/dom.js';
import { timeOfDay } from '../app/format.js';
import { heading } from '../parts/pieces.js';
import { View } from '../parts/view.js';
import { Chart, short } from './chart.js';
import { kindOf, KINDS } from './desk.js';

/** @typedef {import('./types.js').State} State */
/** @typedef {import('./types.js').Entry} Entry */

/** What happens now: streams, figures, queues, replicas. */
export class OverviewPage extends View {
  #desk;
  #isPaused = false;
  #away = h('p', { class: 'notice', role: 'status', hidden: true });
  #charts = [
    new Chart('Throughput', 'per second', [
      { key: 'accepted', label: 'Accepted', tone: 'one' }, { key: 'processed', label: 'Processed', tone: 'two' },
      { key: 'failed', label: 'Failed', tone: 'three' }, { key: 'pushed', label: 'Pushed to tabs', tone: 'four' }]),
    new Chart('Latency', 'ms', [
      { key: 'half', label: 'Accepted to processed, half', tone: 'one' }, { key: 'most', label: '99 of 100', tone: 'three' },
      { key: 'push', label: 'Update to push', tone: 'two' }]),
  ];
  #lists = new Map([...KINDS.keys()].map((kind) => [kind, h('ol', { class: 'stream', tabindex: '0' })]));
  #queues = table('Queues', ['Queue', 'Waiting', 'Consumers', 'Retrying', 'Dead']);
  #replicas = table('Replicas', ['Replica', 'Since', 'WebSocket', 'SSE', 'SignalR', 'Users']);
  #services = table('Services', ['Service', 'State', 'CPU', 'Memory']);
  #outbox = h('dl', { class: 'facts' });
  /** @type {State|null} */
  #before = null;

  /** @param {import('./desk.js').Desk} desk */
  constructor(desk) {
    super();
    this.#desk = desk;
  }

  render() {
    const pause = h('button', {
      class: 'button button-plain button-small', type: 'button', 'aria-pressed': 'false',
      onclick: () => {
        this.#isPaused = !this.#isPaused;
        pause.setAttribute('aria-pressed', String(this.#isPaused));
        this.#show();
      },
    }, 'Pause');
    this.replaceChildren(
      heading('Overview', pause), this.#away,
      h('div', { class: 'charts' }, this.#charts.map((chart) => chart.element)),
      h('div', { class: 'streams' }, [...KINDS].map(([kind, { title }]) => {
        const list = this.#lists.get(kind);
        list?.setAttribute('aria-label', `${title} orders, newest first`);
        return h('section', { class: `panel stream-panel stream-${kind}`, 'aria-label': title }, h('h2', {}, title), list);
      })),
      h('div', { class: 'tables' }, this.#queues.element, this.#replicas.element, this.#services.element,
        h('section', { class: 'panel', 'aria-label': 'Outbox' }, h('h2', {}, 'Outbox'), this.#outbox)));
    this.until(this.#desk.state.watch(() => this.#show()));
    this.until(this.#desk.entries.watch(() => this.#show()));
  }

  #show() {
    if (this.#isPaused) return;
    for (const [kind, list] of this.#lists) {
      const entries = this.#desk.entries.value.filter((entry) => kindOf(entry) === kind);
      if (entries.length === 0) list.replaceChildren(h('li', { class: 'hint' }, KINDS.get(kind)?.none));
      else keyed(list, entries, (entry) => String(entry.position), row);
    }
    const state = this.#desk.state.value;
    if (!state || state === this.#before) return;
    for (const chart of this.#charts) chart.show(this.#desk.history.points);
    this.#stand(state, this.#before);
    this.#before = state;
  }

  /** @param {State} state @param {State|null} before */
  #stand(state, before) {
    this.#away.hidden = state.away.length === 0;
    const text = state.away.length ? `Not answering: ${state.away.join(', ')}. What depends on it is as it was.` : '';
    if (this.#away.textContent !== text) this.#away.textContent = text;
    if (state.queues) {
      this.#queues.show(state.queues.map((queue) => [queue.name, String(queue.ready), String(queue.consumers), String(queue.retrying),
        queue.dead > 0 ? h('a', { href: `#/dead-letters/${queue.name}` }, String(queue.dead)) : '0']));
    }
    if (state.replicas) {
      this.#replicas.show(state.replicas.map((one) => [one.draining ? `${one.replica} (draining)` : one.replica, timeOfDay(one.startedAt),
        String(one.sessions.websocket ?? 0), String(one.sessions.sse ?? 0), String(one.sessions.signalr ?? 0), String(one.userCount)]));
    }
    this.#services.show(state.services.map((service) => [service.name, service.isUp ? 'up' : 'no answer', cpu(service, state, before), memory(service)]));
    if (state.outbox) {
      this.#outbox.replaceChildren(fact('Events waiting to be published', String(state.outbox.waiting)), fact('Age of the oldest', `${state.outbox.ageMs} ms`));
    }
  }
}
customElements.define('overview-page', OverviewPage);

/** @param {Entry} entry */
function row(entry) {
  const what = entry.type.startsWith('order.cancelled') ? 'cancelled' : '';
  const detail = entry.reason ?? (entry.tookMs !== undefined ? `${entry.tookMs} ms` : entry.lines !== undefined ? `${entry.lines} line${entry.lines === 1 ? '' : 's'}` : '');
  return h('li', {}, h('span', { class: 'stream-id' }, String(entry.orderId)), h('span', { class: 'stream-detail' }, [what, entry.customer, detail].filter(Boolean).join(' · ')),
    h('time', { datetime: new Date(entry.at).toISOString() }, timeOfDay(entry.at)));
}

/** @param {import('./types.js').Service} service @param {State} state @param {State|null} before */
function cpu(service, state, before) {
  const now = service.samples?.process_cpu_seconds_total;
  const was = before?.services.find((one) => one.url === service.url)?.samples?.process_cpu_seconds_total;
  if (now === undefined || was === undefined || now < was || !before) return '–';
  return `${short((now - was) / (state.at - before.at) * 100_000)} %`;
}

/** @param {import('./types.js').Service} service */
function memory(service) {
  const bytes = service.samples?.process_resident_memory_bytes;
  return bytes === undefined ? '–' : `${short(bytes / 2 ** 20)} MB`;
}

/** @param {string} term @param {string} value */
function fact(term, value) {
  return h('div', {}, h('dt', {}, term), h('dd', {}, value));
}

/** @param {string} title @param {string[]} columns */
function table(title, columns) {
  const body = h('tbody');
  const element = h('section', { class: 'panel', 'aria-label': title }, h('h2', {}, title),
    h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `${title}, table` },
      h('table', {}, h('thead', {}, h('tr', {}, columns.map((name) => h('th', { scope: 'col' }, name)))), body)));
  return {
    element,
    /** @param {(string|Node)[][]} rows the first of each names it */
    show: (rows) => keyed(body, rows, ([name]) => String(name),
      (cells) => h('tr', {}, cells.map((cell, i) => h(i ? 'td' : 'th', i ? {} : { scope: 'row' }, cell))),
      (element, cells) => cells.forEach((cell, i) => {
        const place = element.children[i];
        const text = cell instanceof Node ? cell.textContent : cell;
        if (place && place.textContent !== text) place.replaceChildren(cell);
      })),
  };
}
