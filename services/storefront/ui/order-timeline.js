import { h } from '../app/dom.js';
import { timeOfDay } from '../app/format.js';
import { isFinal, label } from '../orders/status.js';
import { icon } from './icons.js';

/** @typedef {import('../app/types.js').OrderStatus} OrderStatus */

/** @type {Record<OrderStatus, string>} */
const EXPLAINED = {
  ACCEPTED: 'We have your order, and it will not be lost.',
  PROCESSING: 'It is being recorded and made ready.',
  COMPLETED: 'Everything is in your account.',
  FAILED: 'It could not be processed. Our operators have been told.',
  CANCELLED: 'It was cancelled as you asked.',
};

/**
 * The way of an order; ends where it ended.
 * @param {OrderStatus} status @returns {OrderStatus[]}
 */
export function way(status) {
  if (status === 'CANCELLED') return ['ACCEPTED', 'CANCELLED'];
  return ['ACCEPTED', 'PROCESSING', status === 'FAILED' ? 'FAILED' : 'COMPLETED'];
}

/**
 * @param {OrderStatus} status
 * @param {import('../orders/order-book.js').Times} times
 */
export function timeline(status, times) {
  const steps = way(status);
  const reached = steps.indexOf(status);
  return h('ol', { class: 'timeline', 'aria-label': 'Progress' }, steps.map((step, i) => {
    const isCurrent = i === reached && !isFinal(status);
    const state = i > reached ? 'ahead' : isCurrent ? 'now' : 'done';
    const time = i <= reached ? times[step] : undefined;
    return h('li', { class: `step step-${state} step-${step.toLowerCase()}`, 'aria-current': i === reached ? 'step' : null },
      h('span', { class: 'step-mark' }, state === 'done' ? icon(step === 'FAILED' || step === 'CANCELLED' ? 'cross' : 'check') : null),
      h('div', {}, h('strong', {}, label(step)), time ? h('time', { datetime: time }, timeOfDay(time)) : null,
        h('p', {}, i <= reached ? EXPLAINED[step] : 'Still to come.')));
  }));
}
