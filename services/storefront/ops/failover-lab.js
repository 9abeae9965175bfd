import { Signal } from '../app/signal.js';
import { Connection } from '../live/connection.js';
import { eventsChannel } from '../live/events-channel.js';
import { socketChannel } from '../live/socket-channel.js';
import { isFinal } from '../orders/status.js';
import { Client } from '../rest/client.js';
import { Problem } from '../rest/problem.js';
import { developmentToken } from '../session/ways.js';
import { Story } from './story.js';

const ORDER_EVERY = 400; // milliseconds
const MOST_ORDERS = 150;
const LASTS = 60_000; // milliseconds, the last words included
const LAST_WORDS = 5_000; // milliseconds that the last orders get to be heard of
const PRODUCT = 'AZ-104';

/**
 * Tabs of one user who orders without pause. Each tab is the storefront's own connection, so what is seen here is
 * what a customer's tabs would see.
 */
export class Lab {
  /** @type {Signal<Story|null>} what is there to be looked at; told when a run begins or ends */
  story = new Signal(/** @type {Story|null} */ (null));
  isRunning = false;
  /** Why no more orders are taken at the moment; empty when they are. */
  trouble = '';
  #api;
  /** @type {Connection[]} */
  #connections = [];
  #timer = 0;
  #endsAt = 0;

  /** @param {import('./api.js').ConsoleAPI} api */
  constructor(api) {
    this.#api = api;
  }

  /** @param {number} count of tabs */
  async begin(count) {
    this.end();
    const token = await developmentToken(`LAB-${Date.now().toString(36).toUpperCase()}`, []);
    const story = new Story(count, Date.now());
    const { origin } = location;
    const channels = { socket: socketChannel(origin), events: eventsChannel(origin) };
    this.#connections = story.tabs.map((_, tab) => new Connection(channels, {
      state: (state) => story.changed(tab, state, Date.now()),
      update: (update) => {
        if (isFinal(update.status)) story.heard(tab, update.orderId, Date.now());
      },
      truth: () => story.truth(tab),
      tokenRefused: () => {},
    }, { token, position: null }));
    for (const connection of this.#connections) connection.start();
    this.isRunning = true;
    this.trouble = '';
    this.#endsAt = story.began + LASTS;
    this.story.value = story;
    void this.#order(story, new Client({ token: async () => token, refused: async () => token }));
  }

  /** @param {string} replica @param {'kill'|'drain'} way */
  async stop(replica, way) {
    await this.#api.stop(replica, way);
    this.story.value?.stopped(replica, way, Date.now());
  }

  /** No more orders; the run ends when those under way have been heard of. */
  finish() {
    this.#endsAt = Math.min(this.#endsAt, Date.now() + LAST_WORDS);
  }

  end() {
    clearTimeout(this.#timer);
    const story = this.story.value;
    story?.end(Date.now());
    for (const connection of this.#connections.splice(0)) connection.stop();
    if (!this.isRunning) return;
    this.isRunning = false;
    this.story.value = story;
  }

  /** @param {Story} story @param {Client} client */
  async #order(story, client) {
    if (story.ended !== null) return;
    const left = this.#endsAt - Date.now();
    const isEnding = left <= LAST_WORDS || story.orders.size >= MOST_ORDERS;
    if (left <= 0 || (isEnding && story.isComplete)) return this.end();
    const areAllThere = story.tabs.every(({ spans }) => spans.some((span) => span.phase === 'connected'));
    if (!isEnding && areAllThere) {
      try {
        const order = await client.placeOrder([{ productId: PRODUCT, quantity: 1 }], `lab-${story.began}-${story.orders.size}`);
        story.ordered(order.id, Date.now());
        this.trouble = '';
      } catch (error) {
        this.trouble = error instanceof Problem ? error.message : 'An order was not taken.';
      }
    }
    this.#timer = window.setTimeout(() => void this.#order(story, client), ORDER_EVERY);
  }
}
