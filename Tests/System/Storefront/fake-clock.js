const REAL = { setTimeout, setInterval, clearTimeout, clearInterval, now: Date.now };

/** Stands in for the timers and the time of day, which then move only when told (node 18 has none of its own). */
export class Clock {
  #now = 0;
  #next = 1;
  #timers = new Map();

  constructor() {
    const add = (work, delay, every) => {
      this.#timers.set(this.#next, { work, at: this.#now + delay, every });
      return this.#next++;
    };
    const remove = (id) => void this.#timers.delete(id);
    Date.now = () => this.#now;
    Object.assign(globalThis, {
      setTimeout: (work, delay = 0) => add(work, delay, null),
      setInterval: (work, delay) => add(work, delay, delay),
      clearTimeout: remove,
      clearInterval: remove,
    });
  }

  /** Runs what is due in the next milliseconds, in order. */
  tick(milliseconds) {
    const end = this.#now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      const [id, timer] = due;
      this.#now = timer.at;
      if (timer.every === null) this.#timers.delete(id);
      else timer.at += timer.every;
      timer.work();
    }
    this.#now = end;
  }

  restore() {
    const { now, ...timers } = REAL;
    Date.now = now;
    Object.assign(globalThis, timers);
  }
}
