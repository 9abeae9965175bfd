import { h } from '../app/dom.js';
import { pluralize } from '../app/format.js';

/** @typedef {import('./types.js').Replay} Replay */

const PAUSE = 500; // milliseconds

/** A replay of dead letters, until it is over. */
export class ReplayProgress {
  element = h('section', { class: 'panel replay', 'aria-label': 'Replay', hidden: true });
  #text = h('p', { role: 'status' });
  #bar = h('progress', { max: 1, 'aria-label': 'Replayed messages' });
  #outcomes = h('ul', { class: 'hint' });
  #api;
  #onChange;
  #timer = 0;

  /** @param {import('./console-api.js').ConsoleAPI} api @param {() => void} onChange messages have left the queue, or have come back */
  constructor(api, onChange) {
    this.#api = api;
    this.#onChange = onChange;
    this.element.append(this.#text, this.#bar, h('details', {}, h('summary', {}, 'Each message'), this.#outcomes));
  }

  /** @param {Replay} replay */
  follow(replay) {
    this.stop();
    this.#show(replay);
    this.#timer = window.setTimeout(() => void this.#next(replay.id), PAUSE);
  }

  stop() {
    clearTimeout(this.#timer);
  }

  /** @param {number} id */
  async #next(id) {
    try {
      const replay = await this.#api.replay(id);
      this.#show(replay);
      this.#onChange();
      if (replay.phase === 'done' || replay.phase === 'stopped') return;
    } catch {
      this.#text.textContent = 'What became of the replay is not known: the console does not answer. It goes on by itself.';
    }
    this.#timer = window.setTimeout(() => void this.#next(id), PAUSE);
  }

  /** @param {Replay} replay */
  #show(replay) {
    this.element.hidden = false;
    this.element.dataset.phase = replay.phase;
    const text = replayText(replay);
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.#bar.max = replay.wanted;
    this.#bar.value = replay.replayed;
    this.#outcomes.replaceChildren(...replay.outcomes.map(({ correlationId, outcome }) => h('li', {},
      h('a', { href: `#/orders/${correlationId}` }, correlationId), `: ${outcome ?? 'waiting'}`)));
  }
}

/** @param {Replay} replay */
export function replayText({ phase, wanted, replayed, succeeded, failedAgain, problem }) {
  switch (phase) {
    case 'trying': return wanted === 1 ? 'Replayed; its outcome is awaited.' : `One of ${wanted} goes first; the others follow if it completes.`;
    case 'replaying': return `The first one completed. ${replayed} of ${wanted} are replayed.`;
    case 'checking': return `${pluralize(replayed, 'message')} replayed; ${succeeded} done so far.`;
    case 'stopped': return `Stopped after ${replayed} of ${wanted}: ${problem}`;
    case 'done': {
      const unknown = replayed - succeeded - failedAgain;
      return [`${pluralize(replayed, 'message')} replayed: ${succeeded} done`, failedAgain > 0 && `${failedAgain} failed again`, unknown > 0 && `${unknown} not known yet`]
        .filter(Boolean).join(', ') + '.';
    }
  }
}
