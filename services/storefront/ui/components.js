import { h } from '../app/dom.js';
import { isFinal, label } from '../orders/order-status.js';
import { customerText, errorText, errorTitle } from '../rest/problem.js';
import { icon } from './icons.js';

/** @typedef {import('../app/dom.js').Child} Child */

/** @param {string} url @param {string} className */
export function productImage(url, className) {
  // Empty `alt`: the product's name is always beside its image.
  return h('img', { class: className, src: url, alt: '', width: 400, height: 300, loading: 'lazy', decoding: 'async' });
}

/** @param {import('../app/types.js').OrderStatus} status */
export function statusBadge(status) {
  return h('span', { class: `badge badge-${status.toLowerCase()}`, 'data-status': status },
    h('span', { class: isFinal(status) ? 'dot' : 'dot dot-pulsing', 'aria-hidden': 'true' }), label(status));
}

export function loadingText() {
  return h('p', { class: 'loading', role: 'status' }, 'Loading…');
}

/** @param {string} title @param {string} text @param {...Child} actions */
export function emptyState(title, text, ...actions) {
  return h('div', { class: 'empty-state' }, icon('box'), h('h2', {}, title), h('p', {}, text), h('div', { class: 'actions' }, ...actions));
}

/** @param {unknown} error @param {() => void} retry @param {boolean} [isForCustomer] */
export function errorState(error, retry, isForCustomer = false) {
  return h('div', { class: 'empty-state empty-state-error', role: 'alert' }, icon('cross'), h('h2', {}, isForCustomer ? 'This cannot be shown at the moment' : errorTitle(error)),
    h('p', {}, isForCustomer ? customerText(error) : errorText(error)), h('div', { class: 'actions' }, h('button', { class: 'button', type: 'button', onclick: retry }, 'Try again')));
}

/**
 * Takes the focus when the page changes, so that a screen reader announces the page.
 * @param {string} text @param {...Child} beside
 */
export function pageHeading(text, ...beside) {
  return h('div', { class: 'heading' }, h('h1', { tabindex: '-1' }, text), ...beside);
}

/** @param {string} href @param {string} text */
export function backLink(href, text) {
  return h('a', { class: 'back-link', href }, icon('back'), text);
}

/**
 * A button that ignores presses while its action runs.
 * @param {string} className @param {Child[]} content @param {() => Promise<unknown>} action
 */
export function actionButton(className, content, action) {
  const button = h('button', { class: className, type: 'button' }, ...content);
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled') === 'true') return;
    // `disabled` would remove the focus.
    button.setAttribute('aria-disabled', 'true');
    try {
      await action();
    } finally {
      button.removeAttribute('aria-disabled');
    }
  });
  return button;
}

/**
 * Asks before something that cannot be undone. Escape keeps everything as it is, and the focus returns.
 * @param {string} question @param {string} text @param {string} confirmLabel @param {string} [keepLabel] @returns {Promise<boolean>}
 */
export function confirmDialog(question, text, confirmLabel, keepLabel = 'Keep it') {
  return new Promise((resolve) => {
    const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': 'question', 'aria-describedby': 'consequence' },
      h('form', { method: 'dialog' }, h('h2', { id: 'question' }, question), h('p', { id: 'consequence' }, text),
        h('div', { class: 'actions' },
          h('button', { class: 'button button-plain', value: 'no' }, keepLabel),
          h('button', { class: 'button button-danger', value: 'yes' }, confirmLabel))));
    dialog.addEventListener('close', () => {
      dialog.remove();
      // What asked may be gone.
      if (document.activeElement === document.body) document.querySelector('h1')?.focus({ preventScroll: true });
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
