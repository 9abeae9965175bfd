import { h, renderKeyed } from '../app/dom.js';
import { icon } from './icons.js';
import { View } from './view.js';

/** Short notifications, announced politely by screen readers. */
export class ToastList extends View {
  #app;

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    super();
    this.#app = app;
  }

  render() {
    this.setAttribute('role', 'status');
    this.setAttribute('aria-live', 'polite');
    this.addCleanup(this.#app.toasts.watch((toasts) => renderKeyed(this, toasts, (toast) => String(toast.id), (toast) =>
      h('div', { class: `toast toast-${toast.tone}` },
        toast.href ? h('a', { href: toast.href }, toast.text) : h('span', {}, toast.text),
        h('button', { class: 'button-ghost', type: 'button', 'aria-label': 'Dismiss', onclick: () => this.#app.dismiss(toast.id) },
          icon('cross'))))));
  }
}
customElements.define('toast-list', ToastList);
