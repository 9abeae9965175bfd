import { Signal } from '../app/signal.js';
import { local } from '../app/storage.js';
import { Connection } from '../live/connection.js';
import { transports } from '../live/transports.js';
import { isFinal } from '../orders/order-status.js';
import { OrderAPI } from '../rest/order-api.js';
import { errorText } from '../rest/problem.js';
import { developmentToken } from '../session/sign-in-options.js';
import { FailoverTimeline } from './failover-timeline.js';

const ORDER_INTERVAL = 400; // milliseconds
const MAX_ORDERS = 150;
const MAX_DURATION = 60_000; // milliseconds, the grace period included
const GRACE_PERIOD = 5_000; // milliseconds for the updates of the last orders
const PRODUCT = 'AZ-104';
const KEPT = 'waybill.lab'; // the last run

/** Runs tabs of a test user who places orders continuously. Each tab is the storefront's own `Connection`. */
export class FailoverLab {
  /** @type {Signal<FailoverTimeline|null>} of the last run; signals the start and the end of a run */
  timeline = new Signal(keptTimeline());
  isRunning = false;
  /** Why the last order failed; empty when it was placed. */
  orderError = '';
  #api;
  /** @type {Connection[]} */
  #connections = [];
  #timer = 0;
  #endsAt = 0;

  /** @param {import('./console-api.js').ConsoleAPI} api */
  constructor(api) {
    this.#api = api;
  }

  /** @param {number} tabCount */
  async start(tabCount) {
    this.stop();
    const userId = `LAB-${Date.now().toString(36).toUpperCase()}`;
    const token = await developmentToken(userId, []);
    const timeline = new FailoverTimeline(tabCount, Date.now());
    this.#connections = timeline.tabs.map((_, tab) => new Connection(transports(location.origin), {
      state: (state) => timeline.recordState(tab, state, Date.now()),
      update: (update) => {
        if (isFinal(update.status)) timeline.recordDelivery(tab, update.orderId, Date.now());
      },
      resyncRequired: () => {},
      tokenRejected: () => {},
    }, { token, position: null }));
    for (const connection of this.#connections) connection.start();
    this.isRunning = true;
    this.orderError = '';
    this.#endsAt = timeline.startedAt + MAX_DURATION;
    this.timeline.value = timeline;
    const api = new OrderAPI({ userId, requireUser: () => {}, token: async () => token, replaceRejectedToken: async () => token });
    void this.#placeOrders(timeline, api, userId);
  }

  /** @param {string} replica @param {'kill'|'drain'} kind */
  async stopReplica(replica, kind) {
    await this.#api.stopReplica(replica, kind);
    this.timeline.value?.recordFault(replica, kind, Date.now());
  }

  /** Places no more orders; the run ends when the updates of the last orders have been received. */
  finish() {
    this.#endsAt = Math.min(this.#endsAt, Date.now() + GRACE_PERIOD);
  }

  /** Ends the run at once. */
  stop() {
    clearTimeout(this.#timer);
    const timeline = this.timeline.value;
    timeline?.end(Date.now());
    for (const connection of this.#connections.splice(0)) connection.stop();
    if (!this.isRunning) return;
    this.isRunning = false;
    if (timeline) local.setItem(KEPT, JSON.stringify(timeline));
    this.timeline.value = timeline;
  }

  /** @param {FailoverTimeline} timeline @param {OrderAPI} api @param {string} userId */
  async #placeOrders(timeline, api, userId) {
    if (timeline.endedAt !== null) return;
    const remaining = this.#endsAt - Date.now();
    const isFinishing = remaining <= GRACE_PERIOD || timeline.orders.size >= MAX_ORDERS;
    if (remaining <= 0 || (isFinishing && timeline.isComplete)) return this.stop();
    const areAllConnected = timeline.tabs.every(({ spans }) => spans.some((span) => span.phase === 'connected'));
    if (!isFinishing && areAllConnected) {
      try {
        const order = await api.placeOrder([{ productId: PRODUCT, quantity: 1 }], `lab-${timeline.startedAt}-${timeline.orders.size}`, userId);
        timeline.recordOrder(order.id, Date.now());
        this.orderError = '';
      } catch (error) {
        this.orderError = errorText(error);
      }
    }
    this.#timer = window.setTimeout(() => void this.#placeOrders(timeline, api, userId), ORDER_INTERVAL);
  }
}

/** @returns {FailoverTimeline|null} the run that ended last, of any tab */
function keptTimeline() {
  try {
    return FailoverTimeline.from(JSON.parse(local.getItem(KEPT) ?? ''));
  } catch {
    return null;
  }
}
