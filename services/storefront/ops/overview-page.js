import { h, renderKeyed } from '../app/dom.js';
import { formatTime, pluralize } from '../app/format.js';
import { pageHeading } from '../ui/components.js';
import { View } from '../ui/view.js';
import { eventKind } from './console-store.js';
import { formatNumber, LineChart } from './line-chart.js';
import { Table } from './table.js';

/** @typedef {import('./types.js').StatusSnapshot} StatusSnapshot */
/** @typedef {import('./types.js').OrderEvent} OrderEvent */
/** @typedef {import('./console-store.js').EventKind} EventKind */

/** @type {{ kind: EventKind, title: string, emptyText: string }[]} */
const STREAMS = [
  { kind: 'accepted', title: 'Accepted', emptyText: 'No accepted orders yet.' },
  { kind: 'processed', title: 'Processed', emptyText: 'No processed orders yet.' },
  { kind: 'failed', title: 'Failed', emptyText: 'No failed orders.' },
];

/** Order events, throughput, latency, queues, replicas, services and the outbox, updated live. */
export class OverviewPage extends View {
  #store;
  #isPaused = false;
  #unavailable = h('p', { class: 'notice', role: 'status', hidden: true });
  #charts = [
    new LineChart('Throughput', 'per second', [
      { key: 'accepted', label: 'Accepted', style: 'one' }, { key: 'processed', label: 'Processed', style: 'two' },
      { key: 'failed', label: 'Failed', style: 'three' }, { key: 'pushed', label: 'Pushed', style: 'four' }]),
    new LineChart('Latency', 'ms', [
      { key: 'p50', label: 'Processing p50', style: 'one' }, { key: 'p99', label: 'Processing p99', style: 'three' },
      { key: 'pushLatency', label: 'Push, mean', style: 'two' }]),
  ];
  #streams = STREAMS.map((stream) => ({
    ...stream, list: h('ol', { class: 'stream', tabindex: '0', 'aria-label': `${stream.title} orders, newest first` }),
  }));
  #queues = new Table('Queues, table', ['Queue', 'Ready', 'Consumers', 'Retrying', 'Dead letters']);
  #replicas = new Table('Replicas, table', ['Replica', 'Started', 'WebSocket', 'SSE', 'SignalR', 'Users']);
  #services = new Table('Services, table', ['Service', 'State', 'CPU', 'Memory']);
  #outbox = h('dl', { class: 'facts' });
  /** @type {StatusSnapshot|null} */
  #previous = null;

  /** @param {import('./console-store.js').ConsoleStore} store */
  constructor(store) {
    super();
    this.#store = store;
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
      pageHeading('Overview', pause), this.#unavailable,
      h('div', { class: 'charts' }, this.#charts.map((chart) => chart.element)),
      h('div', { class: 'streams' }, this.#streams.map(({ kind, title, list }) =>
        h('section', { class: `panel stream-panel stream-${kind}`, 'aria-label': title }, h('h2', {}, title), list))),
      h('div', { class: 'tables' },
        panel('Queues', this.#queues.element), panel('Replicas', this.#replicas.element), panel('Services', this.#services.element),
        panel('Outbox', this.#outbox)));
    this.addCleanup(this.#store.snapshot.watch(() => this.#show()));
    this.addCleanup(this.#store.events.watch(() => this.#show()));
  }

  #show() {
    if (this.#isPaused) return;
    for (const { kind, list, emptyText } of this.#streams) {
      const events = this.#store.events.value.filter((event) => eventKind(event) === kind);
      if (events.length === 0) list.replaceChildren(h('li', { class: 'hint' }, emptyText));
      else renderKeyed(list, events, (event) => String(event.position), renderEvent);
    }
    const snapshot = this.#store.snapshot.value;
    if (!snapshot || snapshot === this.#previous) return;
    for (const chart of this.#charts) chart.show(this.#store.metrics.points);
    this.#showSnapshot(snapshot, this.#previous);
    this.#previous = snapshot;
  }

  /** @param {StatusSnapshot} snapshot @param {StatusSnapshot|null} previous */
  #showSnapshot(snapshot, previous) {
    const { away, queues, replicas, services, outbox } = snapshot;
    this.#unavailable.hidden = away.length === 0;
    const text = away.length ? `Unavailable: ${away.join(', ')}. The figures that depend on it are not updated.` : '';
    if (this.#unavailable.textContent !== text) this.#unavailable.textContent = text;
    if (queues) {
      this.#queues.show(queues.map((queue) => [queue.name, String(queue.ready), String(queue.consumers), String(queue.retrying),
        queue.dead > 0 ? h('a', { href: `#/dead-letters/${queue.name}` }, String(queue.dead)) : '0']));
    }
    if (replicas) {
      this.#replicas.show(replicas.map((one) => [one.draining ? `${one.replica} (draining)` : one.replica, formatTime(one.startedAt),
        String(one.sessions.websocket ?? 0), String(one.sessions.sse ?? 0), String(one.sessions.signalr ?? 0), String(one.userCount)]));
    }
    this.#services.show(services.map((service) => [service.name, service.isUp ? 'up' : 'down', cpuText(service, snapshot, previous), memoryText(service)]));
    if (outbox) {
      this.#outbox.replaceChildren(fact('Events waiting to be published', String(outbox.waiting)), fact('Age of the oldest', `${outbox.ageMs} ms`));
    }
  }
}
customElements.define('overview-page', OverviewPage);

/** @param {OrderEvent} event */
function renderEvent(event) {
  const cancelled = event.type.startsWith('order.cancelled') ? 'cancelled' : '';
  const detail = event.reason ?? (event.tookMs !== undefined ? `${event.tookMs} ms` : event.lines !== undefined ? pluralize(event.lines, 'line') : '');
  return h('li', {}, h('span', { class: 'stream-id' }, String(event.orderId)),
    h('span', { class: 'stream-detail' }, [cancelled, event.customer, detail].filter(Boolean).join(' · ')),
    h('time', { datetime: new Date(event.at).toISOString() }, formatTime(event.at)));
}

/** @param {import('./types.js').Service} service @param {StatusSnapshot} snapshot @param {StatusSnapshot|null} previous */
function cpuText(service, snapshot, previous) {
  const seconds = service.samples?.process_cpu_seconds_total;
  const previousSeconds = previous?.services.find((one) => one.url === service.url)?.samples?.process_cpu_seconds_total;
  if (seconds === undefined || previousSeconds === undefined || seconds < previousSeconds || !previous) return '–';
  return `${formatNumber((seconds - previousSeconds) / (snapshot.at - previous.at) * 100_000)} %`;
}

/** @param {import('./types.js').Service} service */
function memoryText(service) {
  const bytes = service.samples?.process_resident_memory_bytes;
  return bytes === undefined ? '–' : `${formatNumber(bytes / 2 ** 20)} MB`;
}

/** @param {string} term @param {string} value */
function fact(term, value) {
  return h('div', {}, h('dt', {}, term), h('dd', {}, value));
}

/** @param {string} title @param {HTMLElement} content */
function panel(title, content) {
  return h('section', { class: 'panel', 'aria-label': title }, h('h2', {}, title), content);
}
