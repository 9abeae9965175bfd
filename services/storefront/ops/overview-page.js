import { h, renderKeyed } from '../app/dom.js';
import { formatTime, pluralize } from '../app/format.js';
import { pageHeading } from '../ui/components.js';
import { View } from '../ui/view.js';
import { eventKind, unregistered } from './console-store.js';
import { OrderSearch } from './orders-page.js';
import { ProblemList } from './problem-list.js';
import { Table } from './table.js';
import { formatNumber, TimeChart } from './time-chart.js';

/** @typedef {import('./types.js').StatusSnapshot} StatusSnapshot */
/** @typedef {import('./types.js').OrderEvent} OrderEvent */
/** @typedef {import('./console-store.js').EventKind} EventKind */

/** The bound of the services' last bucket, in ms: longer times are not told apart. */
const LARGEST_LATENCY = 10_000;

/** @type {{ kind: EventKind, title: string, emptyText: string }[]} */
const STREAMS = [
  { kind: 'accepted', title: 'Accepted', emptyText: 'No accepted orders yet.' },
  { kind: 'processed', title: 'Processed', emptyText: 'No processed orders yet.' },
  { kind: 'failed', title: 'Failed', emptyText: 'No failed orders.' },
];

/** Problems first; then order events, throughput, latency, queues, services, servers and replicas, updated live. */
export class OverviewPage extends View {
  #store;
  #isPaused = false;
  #problems = new ProblemList();
  #search = new OrderSearch();
  #charts = [
    new TimeChart('Throughput', 'per second', [
      { key: 'accepted', label: 'Accepted', style: 'one' }, { key: 'completed', label: 'Completed', style: 'two' },
      { key: 'failed', label: 'Failed', style: 'three' }, { key: 'refused', label: 'Refused', style: 'five' }, { key: 'pushed', label: 'Pushed', style: 'four' }]),
    new TimeChart('Latency', 'ms', [
      { key: 'completionP50', label: 'Completed p50', style: 'one' }, { key: 'completionP99', label: 'Completed p99', style: 'three' },
      { key: 'notificationP50', label: 'Told p50', style: 'two' }, { key: 'notificationP99', label: 'Told p99', style: 'four' }], LARGEST_LATENCY),
    new TimeChart('Backlog', 'messages', [
      { key: 'waiting', label: 'Waiting', style: 'one' }, { key: 'dead', label: 'Dead letters', style: 'three' }]),
  ];
  #streams = STREAMS.map((stream) => ({
    ...stream, list: h('ol', { class: 'stream', tabindex: '0', 'aria-label': `${stream.title} orders, newest first` }),
  }));
  #queues = new Table('Queues, table', ['Queue', 'Ready', 'In hand', 'Oldest', 'Consumers', 'Retrying', 'Dead letters']);
  #replicas = new Table('Replicas, table', ['Replica', 'Started', 'WebSocket', 'SSE', 'SignalR', 'Users']);
  #services = new Table('Services, table', ['Service', 'Readiness', 'Version', 'CPU', 'Memory']);
  #servers = new Table('Servers, table', ['Server', 'State', 'Version']);
  #waiting = h('dl', { class: 'facts' });
  #unregistered = h('p', { class: 'hint', hidden: true });
  #unlisted = h('p', { class: 'hint', hidden: true });
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
      pageHeading('Overview', pause), this.#problems.element, this.#search.element,
      h('div', { class: 'charts' }, this.#charts.map((chart) => chart.element)),
      h('div', { class: 'streams' }, this.#streams.map(({ kind, title, list }) =>
        h('section', { class: `panel stream-panel stream-${kind}`, 'aria-label': title }, h('h2', {}, title), kind === 'accepted' ? this.#unlisted : '', list))),
      h('div', { class: 'tables' },
        panel('Queues', this.#queues.element), panel('Services', this.#services.element), panel('Servers', this.#servers.element),
        panel('Replicas', this.#replicas.element, this.#unregistered), panel('Waiting', this.#waiting)));
    this.addCleanup(this.#store.snapshot.watch(() => this.#show()));
    this.addCleanup(this.#store.events.watch(() => this.#show()));
    this.addCleanup(this.#store.theme.theme.listen(() => requestAnimationFrame(() => this.#charts.forEach((chart) => chart.recolour()))));
    this.addCleanup(() => this.#charts.forEach((chart) => chart.end()));
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
    for (const chart of this.#charts) chart.show(this.#store.metrics);
    this.#showSnapshot(snapshot, this.#previous);
    this.#previous = snapshot;
  }

  /** @param {StatusSnapshot} snapshot @param {StatusSnapshot|null} previous */
  #showSnapshot(snapshot, previous) {
    const { problems, queues, replicas, services, servers, waiting, outbox, intake } = snapshot;
    this.#problems.show(problems);
    if (queues) {
      this.#queues.show(queues.map((queue) => [queue.name, String(queue.ready), inHand(queue, services), queue.ageMs < 1000 ? '–' : `≤ ${Math.round(queue.ageMs / 1000)} s`,
        String(queue.consumers), String(queue.retrying),
        queue.dead > 0 ? h('a', { href: `#/dead-letters/${queue.name}` }, String(queue.dead)) : '0']));
    }
    const missing = unregistered(snapshot);
    this.#unregistered.hidden = missing.length === 0;
    this.#unregistered.textContent = `Not known: ${missing.join(', ')}.`;
    this.#unlisted.hidden = !(waiting && waiting.waiting > 0 && waiting.ageMs >= 10_000);
    this.#unlisted.textContent = `${pluralize(waiting?.waiting ?? 0, 'accepted order')} to be recorded, and not in this list.`;
    if (replicas) {
      this.#replicas.show(replicas.map((one) => [one.draining ? `${one.replica} (draining)` : one.replica, formatTime(one.startedAt),
        String(one.sessions.websocket ?? 0), String(one.sessions.sse ?? 0), String(one.sessions.signalr ?? 0), String(one.userCount)]));
    }
    this.#services.show(services.map((service) => [service.name, readinessText(service), versionText(service), cpuText(service, snapshot, previous), memoryText(service)]));
    this.#servers.show(servers.map((server) => [server.name, serverText(server, services), server.version ?? '–']));
    this.#waiting.replaceChildren(
      fact('Orders waiting to be recorded', waiting ? waitingText(waiting) : 'not known'), fact('Events waiting to be published', outbox ? waitingText(outbox) : 'not known'), fact('Orders in the intake table', intake ? waitingText(intake) : 'not known'));
  }
}
customElements.define('overview-page', OverviewPage);

/** @param {OrderEvent} event */
function renderEvent(event) {
  const cancelled = event.type.startsWith('order.cancelled') ? 'cancelled' : '';
  const detail = event.reason ?? (event.tookMs !== undefined ? `${event.tookMs} ms` : event.lines !== undefined ? pluralize(event.lines, 'line') : '');
  return h('li', {}, h('a', { class: 'stream-id', href: `#/orders/${event.orderId}` }, String(event.orderId)),
    h('span', { class: 'stream-detail' }, [cancelled, event.customer, detail].filter(Boolean).join(' · ')),
    h('time', { datetime: new Date(event.at).toISOString() }, formatTime(event.at)));
}

/** @param {import('./types.js').Service} service @param {StatusSnapshot} snapshot @param {StatusSnapshot|null} previous */
function cpuText(service, snapshot, previous) {
  const seconds = service.samples.process_cpu_seconds_total;
  const previousSeconds = previous?.services.find((one) => one.url === service.url)?.samples.process_cpu_seconds_total;
  if (seconds === undefined || previousSeconds === undefined || seconds < previousSeconds || !previous) return '–';
  return `${formatNumber((seconds - previousSeconds) / (snapshot.at - previous.at) * 100_000)} %`;
}

/**
 * What its consumers have in hand; one that hangs does not say.
 * @param {import('./types.js').Queue} queue @param {import('./types.js').Service[]} services
 */
function inHand({ name, unacked }, services) {
  const consumer = name === 'order.accepted' ? 'order-process@' : 'order-notification@';
  return services.some((service) => service.name.startsWith(consumer) && service.readiness === 'hung') ? 'not known' : String(unacked);
}

/** @param {import('./types.js').Service} service */
function memoryText(service) {
  const bytes = service.samples.process_resident_memory_bytes;
  return bytes === undefined ? '–' : `${formatNumber(bytes / 2 ** 20)} MB`;
}

/** @param {import('./types.js').Service} service */
function readinessText({ readiness, reasons }) {
  if (reasons.length === 0) return h('span', { class: `state state-${readiness}` }, readiness);
  const isWithout = readiness === 'ready';
  return h('span', {}, h('span', { class: `state state-${isWithout ? 'without' : readiness}` }, isWithout ? 'ready, without' : readiness),
    h('span', { class: 'reasons' }, reasons.join(', ')));
}

/**
 * A server that answers the console may refuse others.
 * @param {import('./types.js').Server} server @param {import('./types.js').Service[]} services
 */
function serverText({ name, isUp }, services) {
  if (!isUp) return h('span', { class: 'state state-unreachable' }, 'away');
  const prefix = name === 'PostgreSQL' ? 'postgres.' : `${name.toLowerCase()}.`;
  const without = services.filter(({ reasons }) => reasons.some((reason) => reason.startsWith(prefix))).length;
  if (without === 0) return h('span', { class: 'state state-ready' }, 'up');
  return h('span', {}, h('span', { class: 'state state-without' }, 'up, not usable'), h('span', { class: 'reasons' }, `by ${pluralize(without, 'replica')} of the services`));
}

/** @param {import('./types.js').Service} service */
function versionText({ samples }) {
  const name = Object.keys(samples).find((sample) => sample.startsWith('waybill_build_info{'));
  return name?.match(/version="([^"]*)"/)?.[1] ?? '–';
}

/** @param {{ waiting: number, ageMs: number }} backlog */
function waitingText({ waiting, ageMs }) {
  return waiting === 0 ? '0' : `${waiting}, the oldest for ${ageMs < 1000 ? `${ageMs} ms` : `${Math.round(ageMs / 1000)} s`}`;
}

/** @param {string} term @param {string} value */
function fact(term, value) {
  return h('div', {}, h('dt', {}, term), h('dd', {}, value));
}

/** @param {string} title @param {HTMLElement[]} content */
function panel(title, ...content) {
  return h('section', { class: 'panel', 'aria-label': title }, h('h2', {}, title), content);
}
