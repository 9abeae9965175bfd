import { h, svg } from '../app/dom.js';
import { axisMaximum, HISTORY_LENGTH } from './metrics-history.js';

/** @typedef {import('./metrics-history.js').MetricsPoint} MetricsPoint */
/** @typedef {{ key: Exclude<keyof MetricsPoint, 'at'>, label: string, style: 'one'|'two'|'three'|'four' }} Series */

const [MIN_WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [240, 190, 40, 22, 10];

/** A line chart of the last two minutes, with the latest values as text. */
export class LineChart {
  element;
  #title;
  #unit;
  #series;
  #image = svg('svg', { class: 'chart-image', role: 'img' });
  /** @type {HTMLElement[]} */
  #values;

  /** @param {string} title @param {string} unit @param {Series[]} series */
  constructor(title, unit, series) {
    this.#title = title;
    this.#unit = unit;
    this.#series = series;
    this.#values = series.map(() => h('strong', {}, '–'));
    this.element = h('section', { class: 'panel chart', 'aria-label': title },
      h('h2', {}, title), h('div', { class: 'chart-frame' }, this.#image),
      h('dl', { class: 'legend' }, series.map(({ label, style }, i) => h('div', {},
        h('dt', {}, svg('svg', { class: `swatch line-${style}`, viewBox: '0 0 24 8', 'aria-hidden': 'true' }, svg('path', { d: 'M1 4H23' })), label),
        h('dd', {}, this.#values[i], ` ${unit}`)))));
  }

  /** @param {MetricsPoint[]} points */
  show(points) {
    const width = Math.max(MIN_WIDTH, this.#image.parentElement?.clientWidth ?? 0);
    const last = points.at(-1);
    const top = axisMaximum(Math.max(0, ...points.flatMap((point) => this.#series.map(({ key }) => point[key] ?? 0))));
    const now = last?.at ?? 0;
    const x = (/** @type {number} */ at) => LEFT + (width - LEFT - 4) * (1 - (now - at) / (HISTORY_LENGTH * 1000));
    const y = (/** @type {number} */ value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
    const grid = [0, 0.5, 1].flatMap((fraction) => [
      svg('path', { class: 'grid-line', d: `M${LEFT} ${y(top * fraction)}H${width - 4}` }),
      svg('text', { x: LEFT - 6, y: y(top * fraction) + 4, 'text-anchor': 'end' }, formatNumber(top * fraction)),
    ]);
    const times = [HISTORY_LENGTH, HISTORY_LENGTH / 2, 0].map((ago) => svg('text', {
      x: x(now - ago * 1000), y: HEIGHT - 5, 'text-anchor': ago === 0 ? 'end' : ago === HISTORY_LENGTH ? 'start' : 'middle',
    }, ago === 0 ? 'now' : `−${ago} s`));
    const lines = this.#series.map(({ key, style }) => svg('path', {
      class: `chart-line line-${style}`, d: pathData(points.map((point) => {
        const value = point[key];
        return value === null || x(point.at) < LEFT ? null : [x(point.at), y(value)];
      })),
    }));
    this.#image.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    this.#image.replaceChildren(...grid, ...times, ...lines);
    const descriptions = this.#series.map(({ key, label }, i) => {
      const value = last?.[key] ?? null;
      const text = value === null ? '–' : formatNumber(value);
      const element = this.#values[i];
      if (element) element.textContent = text;
      return `${label} ${text} ${this.#unit}`;
    });
    this.#image.setAttribute('aria-label', `${this.#title}: ${descriptions.join(', ')}`);
  }
}

/** @param {(number[]|null)[]} points null interrupts the line */
function pathData(points) {
  let isDrawing = false;
  return points.map((point) => {
    const command = isDrawing ? 'L' : 'M';
    isDrawing = point !== null;
    // A point after a gap is drawn as a short line, so that it is visible alone.
    return point ? `${command}${point.map((one) => one.toFixed(1)).join(' ')}${command === 'M' ? 'h.1' : ''}` : '';
  }).join('');
}

/** @param {number} value */
export function formatNumber(value) {
  if (value >= 10_000) return `${Math.round(value / 1000)}k`;
  return value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}
