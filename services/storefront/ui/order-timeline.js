import { h } from '../app/dom.js';
import { formatTime } from '../app/format.js';
import { isFinal, label } from '../orders/order-status.js';
import { icon } from './icons.js';

/** @typedef {import('../app/types.js').OrderStatus} OrderStatus */

/** @type {Record<OrderStatus, string>} */
const DESCRIPTIONS = {
  ACCEPTED: 'We have your order.',
  PROCESSING: 'Work on your order has begun.',
  COMPLETED: 'The courses are in your account.',
  FAILED: 'Your order could not be carried out.',
  CANCELLED: 'Cancelled at your request.',
};

/** @param {OrderStatus} status @returns {OrderStatus[]} the statuses of the order, up to the final one */
export function expectedStatuses(status) {
  if (status === 'CANCELLED') return ['ACCEPTED', 'CANCELLED'];
  return ['ACCEPTED', 'PROCESSING', status === 'FAILED' ? 'FAILED' : 'COMPLETED'];
}

/**
 * @param {OrderStatus} status
 * @param {import('../orders/order-store.js').StatusTimes} times
 */
export function orderTimeline(status, times) {
  const steps = expectedStatuses(status);
  const reached = steps.indexOf(status);
  return h('ol', { class: 'timeline', 'aria-label': 'Progress' }, steps.map((step, i) => {
    const isCurrent = i === reached && !isFinal(status);
    const state = i > reached ? 'pending' : isCurrent ? 'current' : 'done';
    const time = i <= reached ? times[step] : undefined;
    return h('li', { class: `step step-${state} step-${step.toLowerCase()}`, 'aria-current': i === reached ? 'step' : null },
      h('span', { class: 'step-mark' }, state === 'done' ? icon(step === 'FAILED' || step === 'CANCELLED' ? 'cross' : 'check') : null),
      h('div', {}, h('strong', {}, label(step)), time ? h('time', { datetime: time }, formatTime(time)) : null,
        h('p', {}, i <= reached ? DESCRIPTIONS[step] : 'Still to come.')));
  }));
}
