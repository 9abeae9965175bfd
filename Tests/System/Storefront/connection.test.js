import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Connection } from '../../../services/storefront/live/connection.js';
import { FakeClock } from './fake-clock.js';

const WELCOME = { type: 'welcome', replica: 'r1', epoch: 'e', lastEventId: 10 };
const status = (id) => ({ type: 'order.status', id, correlationId: 'c', orderId: 7, status: 'COMPLETED' });

let clock = new FakeClock();
beforeEach(() => {
  clock = new FakeClock();
});
afterEach(() => clock.restore());

/** A started connection over transports that the test controls. */
function start({ position = null, unsupported = [] } = {}) {
  const opened = [];
  const received = { states: [], updates: [], resyncs: 0, rejectedTokens: [] };
  const transport = (name) => (options, handlers) => {
    if (unsupported.includes(name)) throw new Error('not supported');
    const one = { name, options, handlers, sent: [], isClosed: false };
    opened.push(one);
    return { send: (message) => one.sent.push(message), close: () => void (one.isClosed = true) };
  };
  const connection = new Connection({ websocket: transport('websocket'), sse: transport('sse') }, {
    state: (state) => received.states.push(state.phase),
    update: (update) => received.updates.push(update.id),
    resyncRequired: () => void (received.resyncs += 1),
    tokenRejected: (token) => received.rejectedTokens.push(token),
  }, { token: 't1', position, random: () => 0.5 });
  connection.start();
  return { connection, opened, received, last: () => opened.at(-1) };
}

test('the first welcome requires a resync, and duplicate updates are dropped', () => {
  const { connection, received, last } = start();
  last().handlers.message(WELCOME);
  for (const id of [11, 12, 12, 11, 13]) last().handlers.message(status(id));
  assert.equal(received.resyncs, 1);
  assert.deepEqual(received.updates, [11, 12, 13]);
  assert.deepEqual(connection.position, { epoch: 'e', lastEventId: 13 });
  connection.stop();
});

test('reconnecting resumes from the last position and requires no resync when recovered', () => {
  const { connection, opened, received, last } = start();
  last().handlers.message(WELCOME);
  last().handlers.message(status(11));
  last().handlers.closed(1006);
  assert.equal(connection.state.phase, 'waiting');
  clock.tick(250);
  assert.equal(opened.length, 2);
  assert.deepEqual(last().options.position, { epoch: 'e', lastEventId: 11 });
  last().handlers.message({ ...WELCOME, lastEventId: 11 });
  last().handlers.message(status(12));
  last().handlers.message({ type: 'resumed', recovered: true, count: 1 });
  assert.deepEqual(received.updates, [11, 12]);
  assert.equal(received.resyncs, 1);
  connection.stop();
});

test('a resume that is not recovered requires a resync and continues in the new epoch', () => {
  const { connection, received, last } = start({ position: { epoch: 'old', lastEventId: 99 } });
  last().handlers.message(WELCOME);
  assert.equal(received.resyncs, 0);
  last().handlers.message({ type: 'resumed', recovered: false, count: 0 });
  assert.equal(received.resyncs, 1);
  last().handlers.message(status(11));
  assert.deepEqual(received.updates, [11]);
  connection.stop();
});

test('a session that goes on in another epoch takes its updates, whose ids begin anew', () => {
  const { connection, received, last } = start();
  last().handlers.message(WELCOME);
  last().handlers.message(status(11));
  last().handlers.message({ type: 'resumed', recovered: false, count: 0, epoch: 'f', lastEventId: 3 });
  last().handlers.message(status(4));
  assert.deepEqual(received.updates, [11, 4]);
  last().handlers.closed(1006);
  clock.tick(250);
  assert.deepEqual(last().options.position, { epoch: 'f', lastEventId: 4 });
  connection.stop();
});

test('two WebSockets without a welcome fall back to SSE, and SSE to a WebSocket', () => {
  const { connection, opened, last } = start();
  for (let i = 0; i < 3; i++) {
    last().handlers.closed(1006);
    clock.tick(1_000);
  }
  assert.deepEqual(opened.map((one) => one.name), ['websocket', 'websocket', 'sse', 'websocket']);
  connection.stop();
});

test('a browser without WebSockets uses SSE', () => {
  const { connection, last } = start({ unsupported: ['websocket'] });
  clock.tick(20_000);
  clock.tick(20_000);
  assert.equal(last().name, 'sse');
  connection.stop();
});

test('a rejected token is reported, and a new token reconnects at once', () => {
  const { connection, opened, received, last } = start();
  last().handlers.closed(4401);
  assert.deepEqual(received.rejectedTokens, ['t1']);
  connection.setToken('t2');
  assert.equal(opened.length, 2);
  assert.equal(last().options.token, 't2');
  connection.stop();
});

test('a WebSocket refreshes its token in band', () => {
  const { connection, opened, last } = start();
  last().handlers.message(WELCOME);
  connection.setToken('t2');
  assert.deepEqual(last().sent, [{ type: 'refresh', token: 't2' }]);
  assert.equal(opened.length, 1);
  connection.stop();
});

test('SSE takes a new token by a new stream that resumes', () => {
  const { connection, opened, last } = start({ unsupported: ['websocket'] });
  clock.tick(20_000);
  last().handlers.message(WELCOME);
  const { length } = opened;
  connection.setToken('t2');
  assert.equal(opened.length, length + 1);
  assert.deepEqual(last().options, { token: 't2', position: { epoch: 'e', lastEventId: 10 } });
  connection.stop();
});

test('an offline browser makes no attempts and reconnects when it is online', () => {
  const { connection, opened, last } = start();
  last().handlers.message(WELCOME);
  connection.setOnline(false);
  assert.equal(last().isClosed, true);
  clock.tick(100_000);
  assert.equal(connection.state.phase, 'offline');
  assert.equal(opened.length, 1);
  connection.setOnline(true);
  assert.equal(opened.length, 2);
  connection.stop();
});

test('reconnecting waits for the delay of a draining replica', () => {
  const { connection, opened, last } = start();
  last().handlers.message(WELCOME);
  last().handlers.message({ type: 'draining', retryAfterMs: 700 });
  last().handlers.closed(1001);
  clock.tick(699);
  assert.equal(opened.length, 1);
  clock.tick(1);
  assert.equal(opened.length, 2);
  connection.stop();
});

test('reconnecting waits a minute after a policy violation', () => {
  const { connection, opened, last } = start();
  last().handlers.closed(1008);
  clock.tick(59_999);
  assert.equal(opened.length, 1);
  clock.tick(1);
  assert.equal(opened.length, 2);
  connection.stop();
});

test('a handshake without a welcome times out', () => {
  const { connection, last } = start();
  clock.tick(10_000);
  assert.equal(connection.state.phase, 'waiting');
  assert.equal(last().isClosed, true);
  connection.stop();
});

test('a WebSocket whose ping is not answered is closed', () => {
  const { connection, last } = start();
  last().handlers.message(WELCOME);
  clock.tick(15_000);
  assert.deepEqual(last().sent, [{ type: 'ping' }]);
  clock.tick(4_000);
  last().handlers.activity();
  clock.tick(11_000);
  assert.equal(connection.state.phase, 'connected');
  clock.tick(5_000);
  assert.equal(connection.state.phase, 'waiting');
  assert.equal(last().isClosed, true);
  connection.stop();
});

test('a stream without heartbeats is closed', () => {
  const { connection, last } = start({ unsupported: ['websocket'] });
  while (last()?.name !== 'sse') clock.tick(1_000);
  last().handlers.message(WELCOME);
  clock.tick(30_000);
  assert.equal(connection.state.phase, 'connected');
  assert.deepEqual(last().sent, []);
  clock.tick(15_000);
  assert.equal(connection.state.phase, 'waiting');
  assert.equal(last().isClosed, true);
  connection.stop();
});
