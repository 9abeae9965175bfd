import { h } from '../app/dom.js';
import { statusText } from '../live/messages.js';
import { View } from './view.js';

/** Shows the state of the live connection. */
export class ConnectionPill extends View {
  #live;
  #text = h('span', { class: 'pill-text', 'aria-hidden': 'true' });
  #announcement = h('span', { class: 'visually-hidden', role: 'status' });

  /** @param {import('../live/live-updates.js').LiveUpdates} live */
  constructor(live) {
    super();
    this.#live = live;
  }

  render() {
    this.replaceChildren(h('span', { class: 'dot', 'aria-hidden': 'true' }), this.#text, this.#announcement);
    this.addCleanup(this.#live.state.watch((state) => {
      this.#show();
      // Without the countdown: a screen reader announces each change of phase once.
      const announcement = statusText(state).replace(/ in \d+ s$/, '');
      if (this.#announcement.textContent !== announcement) this.#announcement.textContent = announcement;
    }));
    const countdown = setInterval(() => this.#show(), 250);
    this.addCleanup(() => clearInterval(countdown));
  }

  #show() {
    const state = this.#live.state.value;
    this.dataset.phase = state.phase;
    this.dataset.replica = state.replica ?? '';
    this.dataset.transport = state.transport ?? '';
    const text = statusText(state);
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.title = state.phase === 'connected'
      ? 'The status of your orders is shown as it changes.'
      : 'The status of your orders is brought up to date when the connection is back.';
  }
}
customElements.define('connection-pill', ConnectionPill);
