import { Signal } from '../app/signal.js';
import { ThemePreference } from '../app/theme.js';
import { Session } from '../session/session.js';
import { ConsoleAPI } from './console-api.js';
import { ConsoleStream } from './console-stream.js';
import { FailoverLab } from './failover-lab.js';
import { MetricsHistory } from './metrics-history.js';

/** @typedef {import('./types.js').OrderEvent} OrderEvent */
/** @typedef {import('./types.js').StatusSnapshot} StatusSnapshot */
/** @typedef {'accepted'|'processed'|'failed'} EventKind */

const MAX_EVENTS = 30; // of a kind
/** @type {EventKind[]} */
const KINDS = ['accepted', 'processed', 'failed'];

/** The objects that the console's pages share, created once per tab. */
export class ConsoleStore {
  theme = new ThemePreference();
  session = new Session('waybill.operator', ['operator']);
  api = new ConsoleAPI(this.session);
  stream = new ConsoleStream(this.session);
  failoverLab = new FailoverLab(this.api);
  metrics = new MetricsHistory();
  /** @type {Signal<StatusSnapshot|null>} */
  snapshot = new Signal(/** @type {StatusSnapshot|null} */ (null));
  /** @type {Signal<OrderEvent[]>} newest first */
  events = new Signal(/** @type {OrderEvent[]} */ ([]));

  constructor() {
    this.stream.onSnapshot = (snapshot) => (this.snapshot.value = snapshot);
    this.stream.onHistory = (history) => this.metrics.replace(history);
    this.stream.onPoint = (point) => this.metrics.add(point);
    this.stream.onEvents = (received) => {
      const known = new Set(this.events.value.map((event) => event.position));
      const added = received.filter((event) => !known.has(event.position));
      const all = [...added, ...this.events.value].sort((a, b) => b.position - a.position);
      this.events.value = KINDS.flatMap((kind) => all.filter((event) => eventKind(event) === kind).slice(0, MAX_EVENTS));
    };
  }
}

/**
 * Replicas of order-notification whose sessions are not known: one that is not ready does not register them.
 * @param {StatusSnapshot|null} snapshot
 */
export function unregistered(snapshot) {
  const notifiers = (snapshot?.services ?? []).filter(({ name }) => name.startsWith('order-notification@'));
  // Right after an outage of Redis none of them has registered again.
  return notifiers.filter(({ readiness }) => readiness !== 'ready' || snapshot?.replicas?.length === 0).map(({ name }) => name);
}

/** @param {OrderEvent} event @returns {EventKind} */
export function eventKind({ type }) {
  if (type.startsWith('order.accepted')) return 'accepted';
  return type.startsWith('order.failed') ? 'failed' : 'processed';
}
