import { fullJitter } from '../live/backoff.js';

const FLOOR = 10_000; // milliseconds between renewals
const CAP = 300_000; // milliseconds
const RECOVERY = 60_000; // milliseconds without a renewal, after which the next is the first again

/**
 * When a token may be renewed: at once, once more at once when the new token does not help, and then with growing, jittered
 * delays. A wrong clock, a service that refuses every token or an issuer of short-lived ones thus costs few requests.
 */
export class RenewalPace {
  #now;
  #random;
  #count = 0;
  #last = Number.NEGATIVE_INFINITY;
  #pause = 0;

  /** @param {() => number} now milliseconds of a clock that is never set @param {() => number} [random] */
  constructor(now, random = Math.random) {
    this.#now = now;
    this.#random = random;
  }

  /** Milliseconds until the next renewal is allowed. */
  get wait() {
    if (this.#now() - this.#last > Math.max(RECOVERY, this.#pause)) return 0;
    return this.#count < 2 ? 0 : Math.max(0, this.#last + this.#pause - this.#now());
  }

  /** A renewal begins. */
  begin() {
    this.#count = this.#now() - this.#last > Math.max(RECOVERY, this.#pause) ? 1 : this.#count + 1;
    this.#last = this.#now();
    this.#pause = FLOOR + fullJitter(Math.max(0, this.#count - 2), this.#random, { base: FLOOR, cap: CAP });
  }
}
