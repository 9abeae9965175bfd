const REAL = { setTimeout, setInterval, clearTimeout, clearInterval, now: Date.now };

/** Replaces timers and `Date.now`, which then advance by `tick` only (node 18 has no mock timers). */
export class FakeClock {
  #now = 0;
  #nextID = 1;
  #timers = new Map();

  constructor() {
    const add = (callback, delay, interval) => {
      this.#timers.set(this.#nextID, { callback, at: this.#now + delay, interval });
      return this.#nextID++;
    };
    const remove = (id) => void this.#timers.delete(id);
    Date.now = () => this.#now;
    Object.assign(globalThis, {
      setTimeout: (callback, delay = 0) => add(callback, delay, null),
      setInterval: (callback, delay) => add(callback, delay, delay),
      clearTimeout: remove,
      clearInterval: remove,
    });
  }

  /** Runs the timers that are due within `milliseconds`, in order. */
  tick(milliseconds) {
    const end = this.#now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      const [id, timer] = due;
      this.#now = timer.at;
      if (timer.interval === null) this.#timers.delete(id);
      else timer.at += timer.interval;
      timer.callback();
    }
    this.#now = end;
  }

  restore() {
    const { now, ...timers } = REAL;
    Date.now = now;
    Object.assign(globalThis, timers);
  }
}
