import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Connection } from '../../../services/storefront/live/connection.js';
import { Clock } from './clock.js';

const WELCOME = { type: 'welcome', replica: 'r1', epoch: 'e', lastEventId: 10 };
const status = (id) => ({ type: 'order.status', id, correlationId: 'c', orderId: 7, status: 'COMPLETED' });

let clock = new Clock();
beforeEach(() => {
  clock = new Clock();
});
afterEach(() => clock.restore());

/** A connection over channels that the test plays. */
function play({ position = null, broken = [] } = {}) {
  const opened = [];
  const heard = { states: [], updates: [], truths: 0, refused: [] };
  const channel = (via) => (opening, on) => {
    if (broken.includes(via)) throw new Error('not here');
    const one = { via, opening, on, sent: [], isClosed: false };
    opened.push(one);
    return { send: (message) => one.sent.push(message), close: () => void (one.isClosed = true) };
  };
  const connection = new Connection({ socket: channel('socket'), events: channel('events') }, {
    state: (state) => heard.states.push(state.phase),
    update: (update) => heard.updates.push(update.id),
    truth: () => void (heard.truths += 1),
    tokenRefused: (token) => heard.refused.push(token),
  }, { token: 't1', position, random: () => 0.5 });
  connection.start();
  return { connection, opened, heard, last: () => opened.at(-1) };
}

test('the first welcome asks for the truth; what follows is passed on once', () => {
  const { connection, heard, last } = play();
  last().on.message(WELCOME);
  for (const id of [11, 12, 12, 11, 13]) last().on.message(status(id));
  assert.equal(heard.truths, 1);
  assert.deepEqual(heard.updates, [11, 12, 13]);
  assert.deepEqual(connection.position, { epoch: 'e', lastEventId: 13 });
  connection.stop();
});

test('after a loss it resumes where it was, and asks for nothing when all was recovered', () => {
  const { connection, opened, heard, last } = play();
  last().on.message(WELCOME);
  last().on.message(status(11));
  last().on.closed(1006);
  assert.equal(connection.state.phase, 'waiting');
  clock.tick(250);
  assert.equal(opened.length, 2);
  assert.deepEqual(last().opening.position, { epoch: 'e', lastEventId: 11 });
  last().on.message({ ...WELCOME, lastEventId: 11 });
  last().on.message(status(12));
  last().on.message({ type: 'resumed', recovered: true, count: 1 });
  assert.deepEqual(heard.updates, [11, 12]);
  assert.equal(heard.truths, 1);
  connection.stop();
});

test('what cannot be recovered is fetched, and the new epoch is taken', () => {
  const { connection, heard, last } = play({ position: { epoch: 'old', lastEventId: 99 } });
  last().on.message(WELCOME);
  assert.equal(heard.truths, 0);
  last().on.message({ type: 'resumed', recovered: false, count: 0 });
  assert.equal(heard.truths, 1);
  last().on.message(status(11));
  assert.deepEqual(heard.updates, [11]);
  connection.stop();
});

test('two sockets that are never greeted make room for a stream, and that for a socket', () => {
  const { connection, opened, last } = play();
  for (let i = 0; i < 3; i++) {
    last().on.closed(1006);
    clock.tick(1_000);
  }
  assert.deepEqual(opened.map((one) => one.via), ['socket', 'socket', 'events', 'socket']);
  connection.stop();
});

test('a browser without WebSockets gets a stream', () => {
  const { connection, last } = play({ broken: ['socket'] });
  clock.tick(20_000);
  clock.tick(20_000);
  assert.equal(last().via, 'events');
  connection.stop();
});

test('a refused token is told of, and a new one connects at once', () => {
  const { connection, opened, heard, last } = play();
  last().on.closed(4401);
  assert.deepEqual(heard.refused, ['t1']);
  connection.setToken('t2');
  assert.equal(opened.length, 2);
  assert.equal(last().opening.token, 't2');
  connection.stop();
});

test('a token is refreshed in band on a socket, by another stream without one', () => {
  const { connection, last } = play();
  last().on.message(WELCOME);
  connection.setToken('t2');
  assert.deepEqual(last().sent, [{ type: 'refresh', token: 't2' }]);
  connection.stop();
});

test('offline it waits for the network, not for a timer', () => {
  const { connection, opened, last } = play();
  last().on.message(WELCOME);
  connection.setOnline(false);
  assert.equal(last().isClosed, true);
  clock.tick(100_000);
  assert.equal(connection.state.phase, 'offline');
  assert.equal(opened.length, 1);
  connection.setOnline(true);
  assert.equal(opened.length, 2);
  connection.stop();
});

test('a draining replica says when to come back; one that refuses for good is left alone for long', () => {
  const { connection, opened, last } = play();
  last().on.message(WELCOME);
  last().on.message({ type: 'draining', retryAfterMs: 700 });
  last().on.closed(1001);
  clock.tick(699);
  assert.equal(opened.length, 1);
  clock.tick(1);
  assert.equal(opened.length, 2);
  last().on.closed(1008);
  clock.tick(59_999);
  assert.equal(opened.length, 2);
  clock.tick(1);
  assert.equal(opened.length, 3);
  connection.stop();
});

test('a handshake that hangs is given up', () => {
  const { connection, last } = play();
  clock.tick(10_000);
  assert.equal(connection.state.phase, 'waiting');
  assert.equal(last().isClosed, true);
  connection.stop();
});
