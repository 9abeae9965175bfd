import { session } from './storage.js';

const KEY = 'waybill.scroll';
const MAX_ENTRIES = 50;
const RESTORE_LIMIT = 3_000; // milliseconds; a list may have to be fetched first
const USER_INPUT = ['wheel', 'touchstart', 'pointerdown', 'keydown'];

/**
 * How far each entry of the history was scrolled. The browser's own restoration comes before the page has its content.
 */
export class ScrollPositions {
  /** @type {Map<number, number>} pixels by entry, oldest first */
  #positions = new Map();
  #nextEntry = 1;
  #entry = 0;
  #isRestoring = false;

  constructor() {
    try {
      const { next, positions } = JSON.parse(session.getItem(KEY) ?? '{}');
      this.#nextEntry = Number(next) || 1;
      this.#positions = new Map(positions);
    } catch {
      // It was stored by another version.
    }
    history.scrollRestoration = 'manual';
    addEventListener('pagehide', () => {
      this.#save();
      session.setItem(KEY, JSON.stringify({ next: this.#nextEntry, positions: [...this.#positions] }));
    });
  }

  /**
   * The history shows another entry; the page of the one before is still there.
   * @returns {number|null} how far the entry was scrolled; null for a new one
   */
  enter() {
    this.#save();
    this.#isRestoring = false;
    const entry = history.state?.entry;
    if (Number.isSafeInteger(entry)) {
      this.#entry = entry;
      return this.#positions.get(entry) ?? 0;
    }
    this.#entry = this.#nextEntry++;
    history.replaceState({ entry: this.#entry }, '');
    return null;
  }

  /**
   * Scrolls as soon as the page is long enough, unless the user does something first.
   * @param {number} position
   */
  restore(position) {
    const entry = this.#entry;
    const deadline = performance.now() + RESTORE_LIMIT;
    this.#isRestoring = true;
    const stop = () => {
      if (this.#entry === entry) this.#isRestoring = false;
      for (const name of USER_INPUT) removeEventListener(name, stop);
    };
    for (const name of USER_INPUT) addEventListener(name, stop, { passive: true });
    const step = () => {
      if (!this.#isRestoring || this.#entry !== entry) return stop();
      scrollTo(0, position);
      if (Math.abs(scrollY - position) <= 1 || performance.now() > deadline) stop();
      else requestAnimationFrame(step);
    };
    step();
  }

  forget() {
    this.#positions.clear();
  }

  #save() {
    if (this.#entry === 0 || this.#isRestoring) return;
    this.#positions.delete(this.#entry);
    this.#positions.set(this.#entry, Math.round(scrollY));
    const oldest = this.#positions.keys().next();
    if (this.#positions.size > MAX_ENTRIES && !oldest.done) this.#positions.delete(oldest.value);
  }
}
