/** @typedef {import('../live/types.js').LiveState} LiveState */
/** @typedef {{ from: number, to: number|null, phase: LiveState['phase'], replica: string }} Span */
/** @typedef {{ spans: Span[], marks: { at: number, orderId: number }[], truths: number }} TabStory */
/** @typedef {{ replica: string, heard: number, missing: number, twice: number, away: number, slowest: number }} Verdict */

/** What happened in a run of the failover lab. Times are milliseconds, of one clock. */
export class Story {
  /** @type {TabStory[]} */
  tabs;
  /** @type {Map<number, number>} when the answer to each order came */
  orders = new Map();
  /** @type {{ at: number, replica: string, way: string }[]} */
  stops = [];
  began;
  /** @type {number|null} */
  ended = null;

  /** @param {number} count of tabs @param {number} now */
  constructor(count, now) {
    this.began = now;
    this.tabs = Array.from({ length: count }, () => ({ spans: [], marks: [], truths: 0 }));
  }

  /** @param {number} tab @param {LiveState} state @param {number} now */
  changed(tab, { phase, replica = '' }, now) {
    const spans = this.tabs[tab]?.spans;
    if (!spans || this.ended !== null) return;
    const last = spans.at(-1);
    if (last) last.to = now;
    spans.push({ from: now, to: null, phase, replica });
  }

  /** @param {number} tab @param {number} orderId a final update of it @param {number} now */
  heard(tab, orderId, now) {
    if (this.ended === null) this.tabs[tab]?.marks.push({ at: now, orderId });
  }

  /** @param {number} tab it was told to ask for what it missed */
  truth(tab) {
    const story = this.tabs[tab];
    if (story) story.truths += 1;
  }

  /** @param {number} orderId @param {number} now */
  ordered(orderId, now) {
    this.orders.set(orderId, now);
  }

  /** @param {string} replica @param {string} way @param {number} now */
  stopped(replica, way, now) {
    this.stops.push({ at: now, replica, way });
  }

  /** @param {number} now */
  end(now) {
    this.ended ??= now;
    for (const { spans } of this.tabs) {
      const last = spans.at(-1);
      if (last) last.to ??= this.ended;
    }
  }

  /** Whether every tab heard of every order. */
  get isComplete() {
    return this.tabs.every(({ marks }) => new Set(marks.map((mark) => mark.orderId)).size >= this.orders.size);
  }

  /** @param {number} tab @param {number} now @returns {Verdict} */
  verdict(tab, now) {
    const story = this.tabs[tab];
    const spans = story?.spans ?? [];
    const marks = story?.marks ?? [];
    const ids = new Set(marks.map((mark) => mark.orderId));
    const known = [...this.orders.keys()];
    const connected = spans.filter((span) => span.phase === 'connected');
    // The first connection is not a gap, however long it took.
    const first = spans.findIndex((span) => span.phase === 'connected');
    const gaps = spans.slice(Math.max(first, 0)).filter((span) => span.phase !== 'connected');
    return {
      replica: connected.at(-1)?.replica ?? '',
      heard: known.filter((id) => ids.has(id)).length,
      missing: known.filter((id) => !ids.has(id)).length,
      twice: marks.length - ids.size,
      away: gaps.reduce((sum, { from, to }) => sum + ((to ?? now) - from), 0),
      slowest: Math.max(0, ...marks.map((mark) => mark.at - (this.orders.get(mark.orderId) ?? mark.at))),
    };
  }
}
