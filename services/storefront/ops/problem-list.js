import { h, renderKeyed } from '../app/dom.js';

/** @typedef {import('./types.js').Problem} Problem */

/** What is wrong, worst first, each with what it means and the next step. */
export class ProblemList {
  #list = h('ol', { class: 'problems' });
  #none = h('p', { class: 'no-problems' }, 'All is well: every service is ready, and nothing waits.');
  #count = h('p', { class: 'visually-hidden', role: 'status' });
  element = h('section', { class: 'panel problem-panel', 'aria-label': 'Problems' }, h('h2', {}, 'Problems'), this.#count, this.#none, this.#list);

  /** @param {Problem[]} problems */
  show(problems) {
    const critical = problems.filter(({ severity }) => severity === 'critical').length;
    const text = problems.length === 0 ? 'No problems' : `${critical} critical, ${problems.length - critical} warnings`;
    if (this.#count.textContent !== text) this.#count.textContent = text;
    this.element.dataset.severity = critical > 0 ? 'critical' : problems.length > 0 ? 'warning' : 'none';
    this.#none.hidden = problems.length > 0;
    renderKeyed(this.#list, problems, keyOf, renderProblem, (element, problem) => {
      const meaning = element.querySelector('.problem-meaning');
      if (meaning && meaning.textContent !== problem.meaning) meaning.textContent = problem.meaning;
      const title = element.querySelector('.problem-title');
      if (title && title.textContent !== problem.title) title.textContent = problem.title;
    });
  }
}

/**
 * The number in a title changes, and is no other problem.
 * @param {Problem} problem
 */
function keyOf({ code, title, severity }) {
  return `${severity} ${code} ${title.replace(/\d+(?! *$)/g, '#')}`;
}

/** @param {Problem} problem */
function renderProblem({ severity, title, meaning, next, link }) {
  return h('li', { class: `problem problem-${severity}` },
    h('p', { class: 'problem-head' }, h('span', { class: 'severity' }, severity), h('strong', { class: 'problem-title' }, title)),
    h('p', { class: 'problem-meaning' }, meaning),
    h('p', { class: 'problem-next' }, h('span', {}, 'Next: '), next, link ? [' ', h('a', { href: link }, 'Look')] : ''));
}
