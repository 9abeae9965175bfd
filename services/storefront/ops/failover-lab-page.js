import { h, keyed, svg } from '../app/dom.js';
import { counted } from '../app/format.js';
import { Problem } from '../rest/problem.js';
import { blank, busyButton, heading } from '../parts/pieces.js';
import { View } from '../parts/view.js';
import { draw, port } from './timeline.js';

const REDRAW = 200; // milliseconds
const TABS = [2, 4, 6, 8];

/** Tabs spread over the replicas, buttons that stop one, and what each tab saw. */
export class LabPage extends View {
  #desk;
  #said = h('p', { class: 'result', role: 'status' });
  #error = h('p', { class: 'field-error', role: 'alert' });
  #replicas = h('ul', { class: 'replica-buttons', 'aria-label': 'Replicas' });
  #picture = svg('svg', { class: 'timeline-picture', role: 'img', 'aria-label': 'What each tab saw' });
  #frame = h('div', { class: 'timeline-frame' }, this.#picture);
  #rows = h('tbody');
  #story = h('section', { class: 'panel', 'aria-label': 'What each tab saw', hidden: true },
    this.#frame,
    h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Figures of each tab' }, h('table', {},
      h('thead', {}, h('tr', {}, ['Tab', 'Replica', 'Heard', 'Missing', 'Twice', 'Without connection', 'Slowest'].map((name) => h('th', { scope: 'col' }, name)))),
      this.#rows)));

  /** @param {import('./desk.js').Desk} desk */
  constructor(desk) {
    super();
    this.#desk = desk;
  }

  render() {
    const { feed, state } = this.#desk;
    this.until(feed.hello.watch((hello) => {
      if (hello && !hello.hasLab) {
        this.replaceChildren(heading('Failover lab'), blank('Not here', 'Replicas can be stopped in a development stack alone.'));
      } else if (!this.contains(this.#story)) this.#frameUp();
    }));
    this.until(state.watch((now) => this.#offer(now?.replicas?.map((one) => one.replica) ?? [])));
    const timer = setInterval(() => this.#show(), REDRAW);
    this.until(() => clearInterval(timer));
    this.until(() => this.#desk.lab.end());
    this.until(this.#desk.lab.story.watch(() => this.#show()));
  }

  #frameUp() {
    const tabs = h('select', { id: 'tabs' }, TABS.map((count) => h('option', { value: count, selected: count === 4 }, String(count))));
    this.replaceChildren(
      heading('Failover lab', this.#said),
      h('p', { class: 'hint lead' }, 'A test user opens tabs through the edge and orders without pause for up to a minute. Stop a replica, and see what its tabs make of it: each must hear of every order once.'),
      h('div', { class: 'panel lab-desk' },
        h('div', { class: 'field' }, h('label', { for: 'tabs' }, 'Tabs'), tabs),
        busyButton('button', ['Begin'], () => this.#attempt(() => this.#desk.lab.begin(Number(tabs.value)))),
        h('button', { class: 'button button-plain', type: 'button', onclick: () => this.#desk.lab.finish() }, 'End'),
        this.#replicas),
      this.#error, this.#story);
  }

  /** @param {string[]} replicas */
  #offer(replicas) {
    keyed(this.#replicas, replicas, (name) => name, (name) => h('li', {},
      h('strong', {}, port(name)),
      busyButton('button button-small button-bad', ['Kill ', h('span', { class: 'unseen' }, name)], () => this.#attempt(() => this.#desk.lab.stop(name, 'kill'))),
      busyButton('button button-small button-plain', ['Drain ', h('span', { class: 'unseen' }, name)], () => this.#attempt(() => this.#desk.lab.stop(name, 'drain')))));
  }

  /** @param {() => Promise<void>} work */
  async #attempt(work) {
    this.#error.textContent = '';
    try {
      await work();
    } catch (error) {
      this.#error.textContent = error instanceof Problem ? error.message : 'Something went wrong.';
    }
  }

  #show() {
    const { lab } = this.#desk;
    const story = lab.story.value;
    this.#story.hidden = story === null;
    if (!story) return;
    const now = Date.now();
    draw(this.#picture, story, Math.max(280, this.#frame.clientWidth), now);
    const verdicts = story.tabs.map((_, tab) => ({ tab, ...story.verdict(tab, now) }));
    const cells = (/** @type {typeof verdicts[number]} */ one) => [
      `Tab ${one.tab + 1}`, port(one.replica), String(one.heard), String(one.missing), String(one.twice), `${one.away} ms`, `${one.slowest} ms`];
    keyed(this.#rows, verdicts, (one) => String(one.tab), (one) => h('tr', {}, cells(one).map((text, i) => (i ? h('td', {}, text) : h('th', { scope: 'row' }, text)))),
      (row, one) => cells(one).forEach((text, i) => {
        const cell = row.children[i];
        if (cell && cell.textContent !== text) cell.textContent = text;
      }));
    this.#say(story, verdicts.some((one) => one.twice > 0));
  }

  /** @param {import('./story.js').Story} story @param {boolean} isTwice */
  #say(story, isTwice) {
    const { lab } = this.#desk;
    const orders = counted(story.orders.size, 'order');
    const text = lab.isRunning ? (lab.trouble || 'Running…')
      : !story.isComplete ? `${orders}: not every tab heard of all`
        : isTwice ? `${orders}: heard more than once` : `${orders}: every tab heard each exactly once`;
    if (this.#said.textContent !== text) this.#said.textContent = text;
  }
}
customElements.define('lab-page', LabPage);
