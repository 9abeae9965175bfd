import { h } from '../app/dom.js';
import { isFinal, label } from '../orders/status.js';
import { icon } from './icons.js';

/** @typedef {import('../app/dom.js').Child} Child */

/** @param {string} url @param {string} className */
export function picture(url, className) {
  // Empty `alt`: the name of the product always stands beside its picture.
  const image = h('img', { class: className, src: url, alt: '', width: 400, height: 300, loading: 'lazy', decoding: 'async' });
  image.addEventListener('error', () => image.classList.add('is-missing'), { once: true });
  return image;
}

/** @param {import('../app/types.js').OrderStatus} status */
export function badge(status) {
  return h('span', { class: `badge badge-${status.toLowerCase()}`, 'data-status': status },
    h('span', { class: isFinal(status) ? 'dot' : 'dot dot-busy', 'aria-hidden': 'true' }), label(status));
}

/**
 * What stands where there is nothing, or nothing yet.
 * @param {string} title @param {string} text @param {...Child} actions
 */
export function blank(title, text, ...actions) {
  return h('div', { class: 'blank' }, icon('box'), h('h2', {}, title), h('p', {}, text), h('div', { class: 'actions' }, ...actions));
}

/** @param {string} reason @param {() => void} retry */
export function failure(reason, retry) {
  return h('div', { class: 'blank blank-bad', role: 'alert' }, icon('cross'), h('h2', {}, 'That did not work'),
    h('p', {}, reason), h('div', { class: 'actions' }, h('button', { class: 'button', type: 'button', onclick: retry }, 'Try again')));
}

/**
 * The page's heading takes the focus when the page changes, so that a screen reader says where one is.
 * @param {string} text @param {...Child} beside
 */
export function heading(text, ...beside) {
  return h('div', { class: 'heading' }, h('h1', { tabindex: '-1' }, text), ...beside);
}

/** @param {string} href @param {string} text */
export function back(href, text) {
  return h('a', { class: 'back', href }, icon('back'), text);
}

/**
 * A button that cannot be pressed twice while its work goes on.
 * @param {string} className @param {Child[]} content @param {() => Promise<unknown>} work
 */
export function busyButton(className, content, work) {
  const button = h('button', { class: className, type: 'button' }, ...content);
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled') === 'true') return;
    // Not `disabled`: that would take the focus away.
    button.setAttribute('aria-disabled', 'true');
    try {
      await work();
    } finally {
      button.removeAttribute('aria-disabled');
    }
  });
  return button;
}

/** @param {string} question @param {string} text @param {string} yes @returns {Promise<boolean>} */
export function confirmed(question, text, yes) {
  return new Promise((resolve) => {
    const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': 'question' },
      h('form', { method: 'dialog' }, h('h2', { id: 'question' }, question), h('p', {}, text),
        h('div', { class: 'actions' },
          h('button', { class: 'button button-plain', value: 'no' }, 'Keep it'),
          h('button', { class: 'button button-bad', value: 'yes' }, yes))));
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
