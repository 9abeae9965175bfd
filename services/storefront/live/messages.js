/** @param {import('./types.js').LiveState} state */
export function words(state, now = Date.now()) {
  switch (state.phase) {
    case 'connected': return `Live · ${short(state.replica ?? '')}`;
    case 'connecting': return 'Connecting…';
    case 'waiting': return `Reconnecting in ${Math.max(0, Math.ceil(((state.retryAt ?? now) - now) / 1000))} s`;
    case 'offline': return 'Offline';
    default: return 'Not connected';
  }
}

/**
 * `order-notification@5006` is known as `notifier 5006`.
 * @param {string} replica
 */
function short(replica) {
  return replica.replace(/^order-notification@/, 'notifier ');
}
