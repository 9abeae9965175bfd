/** @typedef {import('../live/types.js').LiveState} LiveState */
/** @typedef {{ from: number, to: number|null, phase: LiveState['phase'], replica: string }} Span */
/** @typedef {{ spans: Span[], deliveries: { at: number, orderId: number }[] }} TabTimeline */

/**
 * @typedef {object} DeliverySummary
 * @property {string} replica  last connected to
 * @property {number} delivered  orders with a final update
 * @property {number} missing  orders without a final update
 * @property {number} duplicates  final updates beyond the first of an order
 * @property {number} disconnectedMs
 * @property {number} maxLatencyMs  from the response to the order to its final update
 */

/** The events of a run of the failover lab. All times are milliseconds since 1970, from one clock. */
export class FailoverTimeline {
  /** @type {TabTimeline[]} */
  tabs;
  /** @type {Map<number, number>} time of the response to each order */
  orders = new Map();
  /** @type {{ at: number, replica: string, kind: 'kill'|'drain' }[]} */
  faults = [];
  startedAt;
  /** @type {number|null} */
  endedAt = null;

  /** @param {number} tabCount @param {number} now */
  constructor(tabCount, now) {
    this.startedAt = now;
    this.tabs = Array.from({ length: tabCount }, () => ({ spans: [], deliveries: [] }));
  }

  /** @param {any} kept what `toJSON` returned */
  static from({ startedAt, endedAt, tabs, orders, faults }) {
    const timeline = new FailoverTimeline(0, startedAt);
    return Object.assign(timeline, { endedAt, tabs, faults, orders: new Map(orders) });
  }

  toJSON() {
    const { startedAt, endedAt, tabs, orders, faults } = this;
    return { startedAt, endedAt, summaries: tabs.map((_, tab) => this.summary(tab, endedAt ?? startedAt)), faults, orders: [...orders], tabs };
  }

  /** @param {number} tab @param {LiveState} state @param {number} now */
  recordState(tab, { phase, replica = '' }, now) {
    const spans = this.tabs[tab]?.spans;
    if (!spans || this.endedAt !== null) return;
    const last = spans.at(-1);
    if (last) last.to = now;
    spans.push({ from: now, to: null, phase, replica });
  }

  /** @param {number} tab @param {number} orderId of a final update @param {number} now */
  recordDelivery(tab, orderId, now) {
    if (this.endedAt === null) this.tabs[tab]?.deliveries.push({ at: now, orderId });
  }

  /** @param {number} orderId @param {number} now */
  recordOrder(orderId, now) {
    this.orders.set(orderId, now);
  }

  /** @param {string} replica @param {'kill'|'drain'} kind @param {number} now */
  recordFault(replica, kind, now) {
    this.faults.push({ at: now, replica, kind });
  }

  /** @param {number} now */
  end(now) {
    this.endedAt ??= now;
    for (const { spans } of this.tabs) {
      const last = spans.at(-1);
      if (last) last.to ??= this.endedAt;
    }
  }

  /** Whether every tab has received every order. */
  get isComplete() {
    return this.tabs.every(({ deliveries }) => new Set(deliveries.map((delivery) => delivery.orderId)).size >= this.orders.size);
  }

  /** @param {number} tab @param {number} now @returns {DeliverySummary} */
  summary(tab, now) {
    const { spans, deliveries } = this.tabs[tab] ?? { spans: [], deliveries: [] };
    const received = new Set(deliveries.map((delivery) => delivery.orderId));
    const orderIds = [...this.orders.keys()];
    // The time before the first connection is not a disconnection.
    const first = spans.findIndex((span) => span.phase === 'connected');
    const gaps = first < 0 ? [] : spans.slice(first).filter((span) => span.phase !== 'connected');
    return {
      replica: spans.filter((span) => span.phase === 'connected').at(-1)?.replica ?? '',
      delivered: orderIds.filter((id) => received.has(id)).length,
      missing: orderIds.filter((id) => !received.has(id)).length,
      duplicates: deliveries.length - received.size,
      disconnectedMs: gaps.reduce((sum, { from, to }) => sum + ((to ?? now) - from), 0),
      maxLatencyMs: Math.max(0, ...deliveries.map(({ at, orderId }) => at - (this.orders.get(orderId) ?? at))),
    };
  }
}
