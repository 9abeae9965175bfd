import { h, svg } from '../app/dom.js';
import { ceiling, SECONDS } from './figures.js';

/** @typedef {import('./figures.js').Figures} Figures */
/** @typedef {{ key: 'accepted'|'processed'|'failed'|'pushed'|'half'|'most'|'push', label: string, tone: string }} Series */

const [NARROWEST, HEIGHT, LEFT, BOTTOM, TOP] = [240, 190, 40, 22, 10];

/** Lines over the last two minutes. What they show is also said in words and numbers beside them. */
export class Chart {
  element;
  #series;
  #unit;
  #picture = svg('svg', { class: 'chart-picture', role: 'img' });
  /** @type {HTMLElement[]} */
  #values;
  #title;

  /** @param {string} title @param {string} unit @param {Series[]} series */
  constructor(title, unit, series) {
    this.#title = title;
    this.#series = series;
    this.#unit = unit;
    this.#values = series.map(() => h('strong', {}, '–'));
    this.element = h('section', { class: 'panel chart', 'aria-label': title },
      h('h2', {}, title), h('div', { class: 'chart-frame' }, this.#picture),
      h('dl', { class: 'legend' }, series.map(({ label, tone }, i) => h('div', {},
        h('dt', {}, svg('svg', { class: `swatch line-${tone}`, viewBox: '0 0 24 8', 'aria-hidden': 'true' }, svg('path', { d: 'M1 4H23' })), label),
        h('dd', {}, this.#values[i], ` ${unit}`)))));
  }

  /** @param {Figures[]} points */
  show(points) {
    const width = Math.max(NARROWEST, this.#picture.parentElement?.clientWidth ?? 0);
    const last = points.at(-1);
    const highest = Math.max(0, ...points.flatMap((point) => this.#series.map(({ key }) => point[key] ?? 0)));
    const top = ceiling(highest);
    const now = last?.at ?? 0;
    const x = (/** @type {number} */ at) => LEFT + (width - LEFT - 4) * (1 - (now - at) / (SECONDS * 1000));
    const y = (/** @type {number} */ value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
    const grid = [0, 0.5, 1].map((part) => [
      svg('path', { class: 'grid-line', d: `M${LEFT} ${y(top * part)}H${width - 4}` }),
      svg('text', { x: LEFT - 6, y: y(top * part) + 4, 'text-anchor': 'end' }, short(top * part)),
    ]);
    const times = [SECONDS, SECONDS / 2, 0].map((ago) => svg('text', {
      x: x(now - ago * 1000), y: HEIGHT - 5, 'text-anchor': ago === 0 ? 'end' : ago === SECONDS ? 'start' : 'middle',
    }, ago === 0 ? 'now' : `−${ago} s`));
    const lines = this.#series.map(({ key, tone }) => svg('path', {
      class: `chart-line line-${tone}`, d: path(points.map((point) => {
        const value = point[key];
        return value === null || x(point.at) < LEFT ? null : [x(point.at), y(value)];
      })),
    }));
    this.#picture.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    this.#picture.replaceChildren(...grid.flat(), ...times, ...lines);
    const said = this.#series.map(({ key, label }, i) => {
      const value = last?.[key] ?? null;
      const text = value === null ? '–' : short(value);
      const element = this.#values[i];
      if (element) element.textContent = text;
      return `${label} ${text} ${this.#unit}`;
    });
    this.#picture.setAttribute('aria-label', `${this.#title}: ${said.join(', ')}`);
  }
}

/** @param {(number[]|null)[]} points null: a gap */
function path(points) {
  let isDown = false;
  return points.map((point) => {
    const move = isDown ? 'L' : 'M';
    isDown = point !== null;
    return point ? `${move}${point.map((one) => one.toFixed(1)).join(' ')}${move === 'M' ? 'h.1' : ''}` : '';
  }).join('');
}

/** @param {number} value */
export function short(value) {
  if (value >= 10_000) return `${Math.round(value / 1000)}k`;
  return value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}
