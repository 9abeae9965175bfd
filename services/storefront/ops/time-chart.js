import { h, svg } from '../app/dom.js';
import { formatTime } from '../app/format.js';

/** @typedef {{ key: string, label: string, style: 'one'|'two'|'three'|'four'|'five' }} Series */

const COLORS = { one: '--accent', two: '--info', three: '--error', four: '--warning', five: '--text-muted' };
const PATTERNS = { one: null, two: [6, 4], three: [2, 4], four: [10, 3, 2, 3], five: [1, 3] };
const HEIGHT = 190;

/** A chart of the last hour, drawn by dygraphs, with the values at the pointer, or the latest, as text. */
export class TimeChart {
  element;
  #title;
  #unit;
  #series;
  #frame = h('div', { class: 'chart-frame', role: 'img' });
  #time = h('span', { class: 'chart-time hint' });
  /** @type {HTMLElement[]} */
  #values;
  /** @type {any} */
  #graph = null;
  /** @type {[Date, ...(number|null)[]][]} */
  #rows = [];
  #width = 0;
  #largest;

  /** @param {string} title @param {string} unit @param {Series[]} series @param {number} [largest] values are not told apart beyond */
  constructor(title, unit, series, largest = Infinity) {
    this.#largest = largest;
    this.#title = title;
    this.#unit = unit;
    this.#series = series;
    this.#values = series.map(() => h('strong', {}, '–'));
    this.element = h('section', { class: 'panel chart', 'aria-label': title },
      h('h2', {}, title, h('span', { class: 'chart-unit hint' }, ` ${unit}, last hour`), this.#time), this.#frame,
      h('dl', { class: 'legend' }, series.map(({ label, style }, i) => h('div', {},
        h('dt', {}, svg('svg', { class: `swatch line-${style}`, viewBox: '0 0 24 8', 'aria-hidden': 'true' }, svg('path', { d: 'M1 4H23' })), label),
        h('dd', {}, this.#values[i], ` ${unit}`)))));
  }

  /** @param {import('./metrics-history.js').MetricsHistory} history */
  show(history) {
    this.#rows = history.rows(this.#series.map(({ key }) => key));
    this.#showValues(null);
    if (this.#rows.length < 2 || !this.#frame.isConnected) return;
    const isNarrower = this.#width !== this.#frame.clientWidth;
    this.#width = this.#frame.clientWidth;
    if (!this.#graph) this.#draw();
    else this.#graph.updateOptions({ file: this.#rows });
    if (isNarrower) this.#graph?.resize();
  }

  /** Colours are the theme's. */
  recolour() {
    this.#graph?.updateOptions({ ...this.#colours() });
  }

  end() {
    this.#graph?.destroy();
    this.#graph = null;
  }

  #colours() {
    const style = getComputedStyle(document.documentElement);
    const color = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    return { colors: this.#series.map((series) => color(COLORS[series.style])), gridLineColor: color('--border'), axisLineColor: color('--border') };
  }

  #draw() {
    const Dygraph = /** @type {any} */ (globalThis).Dygraph;
    if (!Dygraph) return; // The values are shown all the same.
    // It writes style attributes, which the pages' policy forbids, even when it is not shown.
    Dygraph.PLUGINS = Dygraph.PLUGINS.filter((/** @type {unknown} */ plugin) => plugin !== Dygraph.Plugins.Legend);
    this.#graph = new Dygraph(this.#frame, this.#rows, {
      labels: ['Time', ...this.#series.map(({ label }) => label)], legend: 'never', height: HEIGHT, strokeWidth: 1.8, includeZero: true,
      axes: { y: { axisLabelWidth: 44, axisLabelFormatter: formatNumber }, x: { axisLabelFormatter: (/** @type {Date} */ time) => formatTime(time.getTime()).replace(/:00$/, '') } },
      axisLabelFontSize: 11, rightGap: 8, highlightCircleSize: 4,
      series: Object.fromEntries(this.#series.map(({ label, style }) => [label, { strokePattern: PATTERNS[style] }])),
      highlightCallback: (/** @type {Event} */ _event, /** @type {number} */ _x, /** @type {unknown} */ _points, /** @type {number} */ row) => this.#showValues(row),
      unhighlightCallback: () => this.#showValues(null), ...this.#colours(),
    });
  }

  /** @param {number|null} row of the pointer; null for the latest */
  #showValues(row) {
    const values = row === null ? this.#rows.at(-1) : this.#rows[row];
    this.#time.textContent = row === null || !values ? '' : ` at ${formatTime(values[0].getTime())}`;
    const texts = this.#series.map(({ label }, i) => {
      const value = values?.[i + 1];
      const text = typeof value !== 'number' ? '–' : value >= this.#largest ? `over ${formatNumber(this.#largest)}` : formatNumber(value);
      const element = this.#values[i];
      if (element) element.textContent = text;
      return `${label} ${text} ${this.#unit}`;
    });
    if (row === null) this.#frame.setAttribute('aria-label', `${this.#title}: ${texts.join(', ')}`);
  }
}

/** @param {number} value */
export function formatNumber(value) {
  if (value >= 10_000) return `${Math.round(value / 1000)}k`;
  return value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}
