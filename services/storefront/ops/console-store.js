import { Signal } from '../app/signal.js';
import { ThemeChoice } from '../app/theme.js';
import { Session } from '../session/session.js';
import { ConsoleAPI } from './api.js';
import { Feed } from './feed.js';
import { History } from './figures.js';
import { Lab } from './lab.js';

/** @typedef {import('./types.js').Entry} Entry */
/** @typedef {import('./types.js').State} State */

export const SHOWN = 30; // entries of a kind

/** Everything that the console's pages need, put together once a tab. */
export class Desk {
  theme = new ThemeChoice();
  session = new Session('waybill.operator', ['operator']);
  api = new ConsoleAPI(this.session);
  feed = new Feed(this.session);
  lab = new Lab(this.api);
  history = new History();
  /** @type {Signal<State|null>} */
  state = new Signal(/** @type {State|null} */ (null));
  /** @type {Signal<Entry[]>} the newest first, a few of each kind */
  entries = new Signal(/** @type {Entry[]} */ ([]));

  constructor() {
    this.feed.onState = (state) => {
      this.history.saw(state);
      this.state.value = state;
    };
    this.feed.onOrders = (news) => {
      const known = new Set(this.entries.value.map((entry) => entry.position));
      const fresh = news.filter((entry) => !known.has(entry.position));
      this.history.heard(fresh);
      const all = [...fresh, ...this.entries.value].sort((a, b) => b.position - a.position);
      this.entries.value = [...KINDS.keys()].flatMap((kind) => all.filter((entry) => kindOf(entry) === kind).slice(0, SHOWN));
    };
  }
}

/** @typedef {'accepted'|'processed'|'failed'} Kind */

/** @type {Map<Kind, { title: string, none: string }>} */
export const KINDS = new Map([
  ['accepted', { title: 'Accepted', none: 'No order yet.' }],
  ['processed', { title: 'Processed', none: 'Nothing yet.' }],
  ['failed', { title: 'Failed', none: 'Nothing failed.' }],
]);

/** @param {Entry} entry @returns {Kind} */
export function kindOf({ type }) {
  if (type.startsWith('order.accepted')) return 'accepted';
  return type.startsWith('order.failed') ? 'failed' : 'processed';
}
