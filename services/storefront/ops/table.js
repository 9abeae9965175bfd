import { h, renderKeyed } from '../app/dom.js';

/** A table whose rows are updated in place; the first cell of a row is its key. */
export class Table {
  element;
  #body = h('tbody');

  /** @param {string} label @param {string[]} columns */
  constructor(label, columns) {
    this.element = h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label },
      h('table', {}, h('thead', {}, h('tr', {}, columns.map((name) => h('th', { scope: 'col' }, name)))), this.#body));
  }

  /** @param {(string|Node)[][]} rows */
  show(rows) {
    renderKeyed(this.#body, rows, ([name]) => String(name),
      (cells) => h('tr', {}, cells.map((cell, i) => h(i ? 'td' : 'th', i ? {} : { scope: 'row' }, cell))),
      (element, cells) => cells.forEach((cell, i) => {
        const current = element.children[i];
        const text = cell instanceof Node ? cell.textContent : cell;
        if (current && current.textContent !== text) current.replaceChildren(cell);
      }));
  }
}
