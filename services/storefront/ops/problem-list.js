import { h, renderKeyed } from '../app/dom.js';
import { formatTime, pluralize } from '../app/format.js';

/** @typedef {import('./types.js').Problem} Problem */

/** What is wrong, worst first, each with what it means and the next step. */
export class ProblemList {
  #list = h('ol', { class: 'problems' });
  #none = h('p', { class: 'no-problems' }, 'All is well: every service is ready, and nothing waits for long.');
  #count = h('span', { class: 'problem-count', role: 'status' });
  #where = h('p', { class: 'hint', hidden: true }, 'Commands are run where this stack was started, in its folder, and may take a minute.');
  element = h('section', { class: 'panel problem-panel', 'aria-label': 'Problems' }, h('h2', {}, 'Problems ', this.#count), this.#none, this.#list, this.#where);

  /** @param {Problem[]} problems */
  show(problems) {
    const text = countText(problems);
    if (this.#count.textContent !== text) this.#count.textContent = text;
    this.element.dataset.severity = problems[0]?.severity ?? 'none';
    this.#none.hidden = problems.length > 0;
    this.#where.hidden = !problems.some(({ next }) => next.includes('`'));
    renderKeyed(this.#list, problems, ({ severity, code, subject }) => `${severity} ${code} ${subject}`, (problem) => fill(h('li', { class: `problem problem-${problem.severity}` }), problem), fill);
  }
}

/** @param {Problem[]} problems worst first */
export function countText(problems) {
  const critical = problems.filter(({ severity }) => severity === 'critical').length;
  return [critical > 0 && `${critical} critical`, problems.length > critical && pluralize(problems.length - critical, 'warning')].filter(Boolean).join(', ');
}

/**
 * Numbers in the texts change; what has not changed stays, with what is selected in it.
 * @param {HTMLElement} element @param {Problem} problem
 */
function fill(element, { severity, title, meaning, next, link, effects, since }) {
  const text = JSON.stringify([title, meaning, next, effects]);
  if (element.dataset.text === text) return element;
  element.dataset.text = text;
  element.replaceChildren(
    h('p', { class: 'problem-head' }, h('span', { class: 'severity' }, severity), h('strong', { class: 'problem-title' }, title),
      since === undefined ? '' : h('time', { class: 'problem-since', datetime: new Date(since).toISOString() }, `since ${formatTime(since)}`)),
    h('p', { class: 'problem-meaning' }, meaning),
    effects.length === 0 ? '' : h('ul', { class: 'problem-effects', 'aria-label': 'What it leads to' }, effects.map((effect) => h('li', {}, effect))),
    h('p', { class: 'problem-next' }, h('span', {}, 'Next: '), ...nextParts(next), link ? [' ', h('a', { href: link }, 'Look')] : ''));
  return element;
}

/** @param {string} next with commands between backticks */
function nextParts(next) {
  return next.split('`').map((part, index) => (index % 2 === 1 ? h('code', {}, part) : part));
}
