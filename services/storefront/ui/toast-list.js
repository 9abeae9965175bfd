import { h, keyed } from '../app/dom.js';
import { icon } from './icons.js';
import { View } from './view.js';

/** Short news at the edge of the page, read out politely. */
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
    this.until(this.#app.toasts.watch((toasts) => keyed(this, toasts, (toast) => String(toast.id), (toast) =>
      h('div', { class: `toast toast-${toast.tone}` },
        toast.href ? h('a', { href: toast.href }, toast.text) : h('span', {}, toast.text),
        h('button', { class: 'quiet', type: 'button', 'aria-label': 'Dismiss', onclick: () => this.#app.dismiss(toast.id) },
          icon('cross'))))));
  }
}
customElements.define('toast-list', ToastList);
