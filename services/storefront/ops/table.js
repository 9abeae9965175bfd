import { h, renderKeyed } from '../app/dom.js';

/** A table whose rows are updated in place; the first cell of a row is its key. */
export class Table {
  element;
  #body = h('tbody');
  #columns;

  /** @param {string} label @param {string[]} columns */
  constructor(label, columns) {
    this.#columns = columns;
    this.element = h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label },
      h('table', {}, h('thead', {}, h('tr', {}, columns.map((name) => h('th', { scope: 'col' }, name)))), this.#body));
  }

  /** @param {(string|Node)[][]} rows */
  show(rows) {
    renderKeyed(this.#body, rows, ([name]) => String(name),
      (cells) => tableRow(this.#columns, cells),
      (element, cells) => cells.forEach((cell, i) => {
        const current = element.children[i];
        const text = cell instanceof Node ? cell.textContent : cell;
        if (current && current.textContent !== text) current.replaceChildren(cell);
      }));
  }
}

/**
 * A row whose cells name their columns, for narrow screens.
 * @param {string[]} columns @param {(string|Node)[]} cells
 */
export function tableRow(columns, cells) {
  return h('tr', {}, cells.map((cell, i) => h(i ? 'td' : 'th', i ? { 'data-column': columns[i] } : { scope: 'row' }, cell)));
}
