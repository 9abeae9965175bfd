import { h, renderKeyed, svg } from '../app/dom.js';
import { pluralize, replicaPort } from '../app/format.js';
import { errorText } from '../rest/problem.js';
import { actionButton, emptyState, pageHeading } from '../ui/components.js';
import { View } from '../ui/view.js';
import { drawFailoverChart } from './failover-chart.js';
import { Table } from './table.js';

const REDRAW_INTERVAL = 200; // milliseconds
const TAB_COUNTS = [2, 4, 6, 8];
const DEFAULT_TAB_COUNT = 4;
const MIN_CHART_WIDTH = 280;

/** Runs the failover lab: kills or drains replicas and shows what each tab received. */
export class FailoverLabPage extends View {
  #store;
  #status = h('p', { class: 'heading-note', role: 'status' });
  #error = h('p', { class: 'field-error', role: 'alert' });
  #replicas = h('ul', { class: 'replica-buttons', 'aria-label': 'Replicas' });
  #chart = svg('svg', { class: 'failover-chart', role: 'img', 'aria-label': 'Connections and deliveries of each tab' });
  #chartFrame = h('div', { class: 'failover-chart-frame' }, this.#chart);
  #table = new Table('Figures of each tab', ['Tab', 'Replica', 'Delivered', 'Missing', 'Duplicates', 'Disconnected', 'Max latency']);
  #export = h('a', { class: 'button button-plain', download: 'failover.json' }, 'Download this run');
  #result = h('section', { class: 'panel', 'aria-label': 'Deliveries', hidden: true }, this.#chartFrame, this.#table.element, this.#export);

  /** @param {import('./console-store.js').ConsoleStore} store */
  constructor(store) {
    super();
    this.#store = store;
  }

  render() {
    const { failoverLab, snapshot, stream } = this.#store;
    this.addCleanup(stream.hello.watch((hello) => {
      if (hello && !hello.hasLab) {
        this.replaceChildren(pageHeading('Failover lab'), emptyState('Not available', 'Replicas can be stopped in a development stack only.'));
      } else if (!this.contains(this.#result)) this.#renderControls();
    }));
    this.addCleanup(snapshot.watch((current) => this.#showReplicas(current?.replicas?.map((one) => one.replica) ?? [])));
    const timer = setInterval(() => this.#show(), REDRAW_INTERVAL);
    this.addCleanup(() => clearInterval(timer));
    this.addCleanup(() => failoverLab.stop());
    this.addCleanup(failoverLab.timeline.watch((timeline) => {
      this.#offer(timeline);
      this.#show();
    }));
    this.addCleanup(() => URL.revokeObjectURL(this.#export.getAttribute('href') ?? ''));
  }

  #renderControls() {
    const { failoverLab } = this.#store;
    const tabs = h('select', { id: 'tabs' }, TAB_COUNTS.map((count) => h('option', { value: count, selected: count === DEFAULT_TAB_COUNT }, String(count))));
    this.replaceChildren(
      pageHeading('Failover lab', this.#status),
      h('p', { class: 'hint introduction' }, 'A test user opens tabs through the edge and places orders for up to a minute. Kill or drain a replica: each tab must receive the final update of every order exactly once.'),
      h('div', { class: 'panel lab-controls' },
        h('div', { class: 'field' }, h('label', { for: 'tabs' }, 'Tabs'), tabs),
        actionButton('button', ['Begin'], () => this.#attempt(() => failoverLab.start(Number(tabs.value)))),
        h('button', { class: 'button button-plain', type: 'button', onclick: () => failoverLab.finish() }, 'End'),
        this.#replicas),
      this.#error, this.#result);
  }

  /** @param {string[]} replicas */
  #showReplicas(replicas) {
    const { failoverLab } = this.#store;
    renderKeyed(this.#replicas, replicas, (name) => name, (name) => h('li', {},
      h('strong', {}, replicaPort(name)),
      actionButton('button button-small button-danger', ['Kill ', h('span', { class: 'visually-hidden' }, name)], () => this.#attempt(() => failoverLab.stopReplica(name, 'kill'))),
      actionButton('button button-small button-plain', ['Drain ', h('span', { class: 'visually-hidden' }, name)], () => this.#attempt(() => failoverLab.stopReplica(name, 'drain')))));
  }

  /** @param {() => Promise<void>} action */
  async #attempt(action) {
    this.#error.textContent = '';
    try {
      await action();
    } catch (error) {
      this.#error.textContent = errorText(error);
    }
  }

  /** @param {import('./failover-timeline.js').FailoverTimeline|null} timeline of which the file is, once it has ended */
  #offer(timeline) {
    URL.revokeObjectURL(this.#export.getAttribute('href') ?? '');
    this.#export.hidden = !timeline?.endedAt;
    if (!timeline?.endedAt) return;
    this.#export.setAttribute('href', URL.createObjectURL(new Blob([JSON.stringify(timeline, null, 2)], { type: 'application/json' })));
    this.#export.setAttribute('download', `failover-${new Date(timeline.startedAt).toISOString().slice(0, 19).replaceAll(':', '-')}.json`);
  }

  #show() {
    const timeline = this.#store.failoverLab.timeline.value;
    this.#result.hidden = timeline === null;
    if (!timeline) return;
    const now = Date.now();
    drawFailoverChart(this.#chart, timeline, Math.max(MIN_CHART_WIDTH, this.#chartFrame.clientWidth), now);
    const summaries = timeline.tabs.map((_, tab) => timeline.summary(tab, now));
    this.#table.show(summaries.map((one, tab) => [
      `Tab ${tab + 1}`, replicaPort(one.replica), String(one.delivered), String(one.missing), String(one.duplicates),
      `${one.disconnectedMs} ms`, `${one.maxLatencyMs} ms`]));
    const text = this.#statusText(timeline, summaries.some((one) => one.duplicates > 0));
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }

  /** @param {import('./failover-timeline.js').FailoverTimeline} timeline @param {boolean} hasDuplicates */
  #statusText(timeline, hasDuplicates) {
    const { isRunning, orderError } = this.#store.failoverLab;
    if (isRunning) return orderError || 'Running…';
    const orders = pluralize(timeline.orders.size, 'order');
    if (!timeline.isComplete) return `${orders}: updates are missing`;
    return hasDuplicates ? `${orders}: updates were duplicated` : `${orders}: every tab received each exactly once`;
  }
}
customElements.define('failover-lab-page', FailoverLabPage);
