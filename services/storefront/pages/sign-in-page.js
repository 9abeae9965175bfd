import { h } from '../app/dom.js';
import { local } from '../app/storage.js';
import { errorText } from '../rest/problem.js';
import { LAST_USER_KEY, signInOptions } from '../session/sign-in-options.js';
import { actionButton } from '../ui/components.js';
import { View } from '../ui/view.js';

/** The configured sign-in options: the issuer, or any user id in development. */
export class SignInForm extends View {
  #session;
  #lastUserKey;
  #defaultUser;
  #hasFailed = false;
  #error = h('p', { class: 'field-error', id: 'sign-in-error', role: 'alert' });
  #options = h('div', { class: 'sign-in-options' }, h('p', { class: 'hint', role: 'status' }, 'Loading…'));

  /**
   * @param {import('../session/session.js').Session} session
   * @param {{ lastUserKey: string, defaultUser: string }} development
   *   `lastUserKey` is the key of the last user id in `localStorage`
   */
  constructor(session, { lastUserKey, defaultUser }) {
    super();
    this.#session = session;
    this.#lastUserKey = lastUserKey;
    this.#defaultUser = defaultUser;
  }

  render() {
    this.replaceChildren(h('h2', {}, 'Sign in'), this.#error, this.#options);
    const recover = () => {
      if (this.#hasFailed) void this.#load();
    };
    addEventListener('online', recover);
    this.addCleanup(() => removeEventListener('online', recover));
    void this.#load();
  }

  async #load() {
    try {
      await this.#session.signInCompletion;
    } catch (error) {
      this.#showError(error);
    }
    try {
      const { development, oidc } = await signInOptions();
      if (this.#hasFailed) this.#error.textContent = '';
      this.#hasFailed = false;
      this.#options.replaceChildren(
        oidc ? actionButton('button button-wide', [`Sign in with ${new URL(oidc.issuer).host}`], () => this.#attempt(() => this.#session.signInWithIssuer())) : '',
        oidc && development ? h('p', { class: 'separator' }, 'or, in development') : '',
        development ? this.#developmentForm() : '',
        !oidc && !development ? h('p', { class: 'notice' }, 'No sign-in is configured.') : '');
    } catch (error) {
      this.#showError(error);
      this.#hasFailed = true;
      this.#options.replaceChildren(actionButton('button button-plain', ['Try again'], () => this.#load()));
    }
  }

  #developmentForm() {
    const input = h('input', {
      id: 'user', name: 'user', required: true, autocomplete: 'username', maxlength: 64, spellcheck: 'false', autocapitalize: 'off',
      value: local.getItem(this.#lastUserKey) ?? this.#defaultUser, 'aria-describedby': 'user-hint sign-in-error',
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
          await this.#session.signInForDevelopment(userId);
          local.setItem(this.#lastUserKey, userId);
        });
        button.removeAttribute('aria-disabled');
      },
    },
    h('label', { for: 'user' }, 'User id'), input,
    h('p', { class: 'hint', id: 'user-hint' }, 'The development sign-in accepts any user id and has no password.'),
    button);
  }

  /** @param {() => Promise<void>} action */
  async #attempt(action) {
    this.#error.textContent = '';
    try {
      await action();
    } catch (error) {
      this.#showError(error);
    }
  }

  /** @param {unknown} error */
  #showError(error) {
    this.#error.textContent = errorText(error);
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
    const form = new SignInForm(this.#app.session, { lastUserKey: LAST_USER_KEY, defaultUser: 'CUST-0001' });
    form.classList.add('panel');
    this.replaceChildren(h('div', { class: 'sign-in' },
      h('section', { class: 'sign-in-introduction', 'aria-label': 'About Waybill' },
        h('h1', { tabindex: '-1' }, 'Certification courses.', h('br'), 'Live order status.'),
        h('p', {}, '145 certification-prep courses from ten vendors. The status of each order is updated without a reload.'),
        h('div', { class: 'sign-in-images', 'aria-hidden': 'true' },
          ['az-104', 'lf-500', 'ks-201'].map((code) => h('img', { src: `/images/products/${code}.svg`, alt: '', width: 400, height: 300 })))),
      form));
  }
}
customElements.define('sign-in-page', SignInPage);
