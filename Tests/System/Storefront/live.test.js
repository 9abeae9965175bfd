import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullJitter } from '../../../services/storefront/live/backoff.js';
import { statusText } from '../../../services/storefront/live/messages.js';
import { SSEParser } from '../../../services/storefront/live/server-sent-events.js';
import { SharedConnection } from '../../../services/storefront/live/shared-connection.js';
import { WatchedPort } from '../../../services/storefront/live/tab-port.js';

test('the backoff is below an exponential bound with a cap', () => {
  const almostOne = () => 0.999999;
  assert.deepEqual([0, 1, 2, 9, 99].map((attempt) => fullJitter(attempt, almostOne)), [500, 1000, 2000, 20000, 20000]);
  assert.equal(fullJitter(5, () => 0), 0);
});

test('server-sent events are parsed from chunks of any size', () => {
  const text = ': hello\n\nretry: 1\n\nid: e:1\nevent: order.status\ndata: {"a":\r\ndata:1}\r\n\r\nid: e:2\ndata: x\n\n';
  const expected = [{ event: 'order.status', data: '{"a":\n1}' }, { event: 'message', data: 'x' }];
  for (let size = 1; size <= text.length; size++) {
    const parser = new SSEParser();
    const events = [];
    for (let i = 0; i < text.length; i += size) events.push(...parser.push(text.slice(i, i + size)));
    assert.deepEqual(events, expected, `in chunks of ${size}`);
  }
});

test('tabs of one user share a connection, and another user gets a new one', () => {
  const opened = [];
  const broadcast = [];
  const transport = (options, handlers) => {
    const one = { options, handlers, isClosed: false };
    opened.push(one);
    return { send: () => {}, close: () => void (one.isClosed = true) };
  };
  const connection = new SharedConnection({ websocket: transport, sse: transport }, (message) => broadcast.push(message), 1);
  const attach = (userId) => ({ type: 'attach', identity: { userId, token: `of ${userId}` }, online: true, position: null });
  connection.received(attach('A'));
  connection.received(attach('A'));
  assert.equal(opened.length, 1);
  opened[0].handlers.message({ type: 'welcome', replica: 'r1', epoch: 'e', lastEventId: 1 });
  assert.deepEqual(broadcast.slice(-2), [
    { type: 'state', state: { phase: 'connected', replica: 'r1', transport: 'websocket' } },
    { type: 'resyncRequired', userId: 'A', position: { epoch: 'e', lastEventId: 1 } }]);
  connection.received(attach('B'));
  assert.equal(opened.length, 2);
  assert.equal(opened[0].isClosed, true);
  opened[0].handlers.message({ type: 'order.status', id: 2, orderId: 1, status: 'COMPLETED', correlationId: 'c' });
  assert.ok(!broadcast.some((message) => message.type === 'update'), 'an update of another user was broadcast');
  connection.received({ type: 'identity', identity: null });
  assert.equal(opened[1].isClosed, true);
});

/** Shared and local ports whose messages the test sees. */
function ports() {
  const opened = [];
  const open = (kind) => (received, _attach, failed) => {
    const port = { kind, received, failed, sent: [], isClosed: false };
    opened.push(port);
    return { send: (message) => void port.sent.push(message.type), close: () => void (port.isClosed = true) };
  };
  const got = [];
  let attached = 0;
  const watched = new WatchedPort(open('shared'), open('local'), (message) => got.push(message), () => void (attached += 1));
  return { opened, got, watched, attached: () => attached };
}

test('a shared connection that answers is kept, and its silence while the page is hidden does not count', () => {
  const { opened, got, watched } = ports();
  let time = 0;
  for (let tick = 0; tick < 10; tick++) {
    watched.tick(true, time += 1500);
    opened[0].received({ type: 'alive', version: 1 });
  }
  for (let tick = 0; tick < 10; tick++) watched.tick(false, time += 1500);
  for (let tick = 0; tick < 10; tick++) watched.tick(true, time += 60_000);
  assert.equal(opened.length, 1);
  assert.deepEqual(got, []);
});

test('a shared connection that hangs, fails or is of another version is replaced', async () => {
  for (const fail of [
    (port, watched) => [0, 1500, 3000].forEach((time) => watched.tick(true, time)),
    (port) => port.failed(),
    (port) => port.received({ type: 'alive', version: 2 }),
  ]) {
    const { opened, got, watched, attached } = ports();
    await null;
    assert.equal(attached(), 1);
    fail(opened[0], watched);
    await null;
    assert.deepEqual(opened.map(({ kind, isClosed }) => [kind, isClosed]), [['shared', true], ['local', false]]);
    assert.equal(attached(), 2);
    opened[0].received({ type: 'state', state: { phase: 'connected' } });
    assert.deepEqual(got, [], 'a late message of the old connection');
    opened[1].received({ type: 'state', state: { phase: 'connecting' } });
    assert.equal(got.length, 1);
    watched.send({ type: 'reconnect' });
    assert.ok(opened[1].sent.includes('reconnect'));
    for (let time = 10_000; time < 30_000; time += 1500) watched.tick(true, time);
    assert.equal(opened.length, 2);
  }
});

test('the status text says in plain words whether updates arrive, and when the next attempt is made', () => {
  assert.equal(statusText({ phase: 'connected', replica: 'order-notification@5006' }), 'Live');
  assert.equal(statusText({ phase: 'waiting', retryAt: 10_400 }, 8_000), 'Reconnecting in 3 s');
  assert.equal(statusText({ phase: 'waiting', retryAt: 10_400 }, 20_000), 'Reconnecting in 0 s');
  assert.equal(statusText({ phase: 'offline' }), 'Offline');
});
