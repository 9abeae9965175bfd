import { h } from '../app/dom.js';
import { words } from '../live/words.js';
import { View } from './view.js';

/** Says how live the page is, and nothing better than it is. */
export class ConnectionPill extends View {
  #live;
  #text = h('span', { class: 'pill-text' });
  #said = h('span', { class: 'unseen', role: 'status' });

  /** @param {import('../live/live.js').Live} live */
  constructor(live) {
    super();
    this.#live = live;
  }

  render() {
    this.replaceChildren(h('span', { class: 'dot', 'aria-hidden': 'true' }), this.#text, this.#said);
    this.until(this.#live.state.watch((state) => {
      this.#show();
      // The seconds tick for the eye only; a screen reader hears each change of phase once.
      const said = words(state).replace(/ in \d+ s$/, '');
      if (this.#said.textContent !== said) this.#said.textContent = said;
    }));
    const ticking = setInterval(() => this.#show(), 250);
    this.until(() => clearInterval(ticking));
    this.#text.setAttribute('aria-hidden', 'true');
  }

  #show() {
    const state = this.#live.state.value;
    this.dataset.phase = state.phase;
    this.dataset.replica = state.replica ?? '';
    const text = words(state);
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.title = state.phase === 'connected'
      ? `Live updates by ${state.via === 'socket' ? 'WebSocket' : 'server-sent events'} from ${state.replica}`
      : 'Orders are still taken; news of them comes when the connection is back.';
  }
}
customElements.define('connection-pill', ConnectionPill);
