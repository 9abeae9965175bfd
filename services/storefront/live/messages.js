import { replicaPort } from '../app/format.js';

/** @param {import('./types.js').LiveState} state */
export function statusText(state, now = Date.now()) {
  switch (state.phase) {
    case 'connected': return `Live · notifier ${replicaPort(state.replica ?? '')}`;
    case 'connecting': return 'Connecting…';
    case 'waiting': return `Reconnecting in ${Math.max(0, Math.ceil(((state.retryAt ?? now) - now) / 1000))} s`;
    case 'offline': return 'Offline';
    default: return 'Not connected';
  }
}
