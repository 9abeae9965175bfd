import { Problem } from '../rest/problem.js';
import { h } from '../app/dom.js';
import { busyButton } from '../parts/pieces.js';
import { View } from '../parts/view.js';
import { ways } from '../session/ways.js';

/** @typedef {{ session: import('../session/session.js').Session }} Door  what there is to sign in to */

/** The ways to sign in that this place has: with its issuer, or in development with any user id. */
export class SignInForm extends View {
  #session;
  #lastKey;
  #suggestion;
  #error = h('p', { class: 'field-error', id: 'sign-in-error', role: 'alert' });
  #ways = h('div', { class: 'ways' }, h('p', { class: 'hint', role: 'status' }, 'One moment…'));

  /** @param {Door} door @param {{ remembered: string, suggestion: string }} names where the last user id is kept, and the first one */
  constructor({ session }, { remembered, suggestion }) {
    super();
    this.#session = session;
    this.#lastKey = remembered;
    this.#suggestion = suggestion;
  }

  render() {
    this.replaceChildren(h('h2', {}, 'Sign in'), this.#error, this.#ways);
    void this.#offer();
  }

  async #offer() {
    try {
      await this.#session.returning;
    } catch (error) {
      this.#say(error);
    }
    try {
      const { development, oidc } = await ways();
      this.#ways.replaceChildren(
        oidc ? busyButton('button button-wide', [`Sign in with ${new URL(oidc.issuer).host}`], () => this.#attempt(() => this.#session.redirect())) : '',
        oidc && development ? h('p', { class: 'or' }, 'or, in development') : '',
        development ? this.#development() : '',
        !oidc && !development ? h('p', { class: 'notice' }, 'No way to sign in is configured here.') : '');
    } catch (error) {
      this.#say(error);
      this.#ways.replaceChildren(busyButton('button button-plain', ['Try again'], () => this.#offer()));
    }
  }

  #development() {
    const input = h('input', {
      id: 'user', name: 'user', required: true, autocomplete: 'username', maxlength: 64, spellcheck: 'false', autocapitalize: 'off',
      value: localStorage.getItem(this.#lastKey) ?? this.#suggestion, 'aria-describedby': 'user-hint sign-in-error',
    });
    const button = h('button', { class: 'button button-wide', type: 'submit' }, 'Sign in');
    return h('form', {
      novalidate: true,
      onsubmit: async (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        const userId = input.value.trim();
        this.#error.textContent = userId ? '' : 'Enter your user id.';
        input.setAttribute('aria-invalid', String(!userId));
        if (!userId) return input.focus();
        button.setAttribute('aria-disabled', 'true');
        await this.#attempt(async () => {
          await this.#session.signIn(userId);
          localStorage.setItem(this.#lastKey, userId);
        });
        button.removeAttribute('aria-disabled');
      },
    },
    h('label', { for: 'user' }, 'User id'), input,
    h('p', { class: 'hint', id: 'user-hint' }, 'Any id will do here: this is a development sign-in without a password.'),
    button);
  }

  /** @param {() => Promise<void>} work */
  async #attempt(work) {
    this.#error.textContent = '';
    try {
      await work();
    } catch (error) {
      this.#say(error);
    }
  }

  /** @param {unknown} error */
  #say(error) {
    this.#error.textContent = error instanceof Problem ? error.message : 'Something went wrong.';
  }
}
customElements.define('sign-in-form', SignInForm);

export class SignInPage extends View {
  #app;

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    super();
    this.#app = app;
  }

  render() {
    const form = new SignInForm(this.#app, { remembered: 'waybill.last-user', suggestion: 'CUST-0001' });
    form.classList.add('panel');
    this.replaceChildren(h('div', { class: 'sign-in' },
      h('section', { class: 'sign-in-pitch', 'aria-label': 'About Waybill' },
        h('h1', { tabindex: '-1' }, 'Pass the exam.', h('br'), 'Watch it arrive.'),
        h('p', {}, '145 certification-prep courses from ten vendors. Order once, and follow every step as it happens.'),
        h('div', { class: 'fan', 'aria-hidden': 'true' },
          ['az-104', 'lf-500', 'ks-201'].map((code) => h('img', { src: `images/products/${code}.svg`, alt: '', width: 400, height: 300 })))),
      form));
  }
}
customElements.define('sign-in-page', SignInPage);
