/** @param {import('./types.js').LiveState} state */
export function statusText(state, now = Date.now()) {
  switch (state.phase) {
    case 'connected': return 'Live';
    case 'connecting': return 'Connecting…';
    case 'waiting': return `Reconnecting in ${Math.max(0, Math.ceil(((state.retryAt ?? now) - now) / 1000))} s`;
    case 'offline': return 'Offline';
    default: return 'Not connected';
  }
}
