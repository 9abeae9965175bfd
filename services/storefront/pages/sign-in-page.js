import { Problem } from '../rest/problem.js';
import { h } from '../app/dom.js';
import { View } from '../parts/view.js';

const LAST = 'waybill.last-user';

export class SignInPage extends View {
  #app;

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    super();
    this.#app = app;
  }

  render() {
    const input = h('input', {
      id: 'user', name: 'user', required: true, autocomplete: 'username', maxlength: 64, spellcheck: 'false', autocapitalize: 'off',
      value: localStorage.getItem(LAST) ?? 'CUST-0001', 'aria-describedby': 'user-hint user-error',
    });
    const error = h('p', { class: 'field-error', id: 'user-error', role: 'alert' });
    const button = h('button', { class: 'button button-wide', type: 'submit' }, 'Sign in');
    this.replaceChildren(h('div', { class: 'sign-in' },
      h('section', { class: 'sign-in-pitch', 'aria-label': 'About Waybill' },
        h('h1', { tabindex: '-1' }, 'Pass the exam.', h('br'), 'Watch it arrive.'),
        h('p', {}, '145 certification-prep courses from ten vendors. Order once, and follow every step as it happens.'),
        h('div', { class: 'fan', 'aria-hidden': 'true' },
          ['az-104', 'lf-500', 'ks-201'].map((code) => h('img', { src: `images/products/${code}.svg`, alt: '', width: 400, height: 300 })))),
      h('form', {
        class: 'panel', novalidate: true,
        onsubmit: async (/** @type {SubmitEvent} */ event) => {
          event.preventDefault();
          const userId = input.value.trim();
          error.textContent = userId ? '' : 'Enter your user id.';
          input.setAttribute('aria-invalid', String(!userId));
          if (!userId) return input.focus();
          button.setAttribute('aria-disabled', 'true');
          try {
            await this.#app.session.signIn(userId);
            localStorage.setItem(LAST, userId);
          } catch (problem) {
            error.textContent = problem instanceof Problem ? problem.message : 'Something went wrong.';
          } finally {
            button.removeAttribute('aria-disabled');
          }
        },
      },
      h('h2', {}, 'Sign in'),
      h('label', { for: 'user' }, 'User id'), input,
      h('p', { class: 'hint', id: 'user-hint' }, 'Any id will do here: this is a development sign-in without a password.'),
      error, button)));
  }
}
customElements.define('sign-in-page', SignInPage);
