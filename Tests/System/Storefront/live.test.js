import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullJitter } from '../../../services/storefront/live/backoff.js';
import { EventStreamParser } from '../../../services/storefront/live/event-stream.js';
import { Hub } from '../../../services/storefront/live/hub.js';
import { words } from '../../../services/storefront/live/words.js';

test('delays are anywhere below a bound that doubles, and is capped', () => {
  const almostOne = () => 0.999999;
  assert.deepEqual([0, 1, 2, 9, 99].map((attempt) => fullJitter(attempt, almostOne)), [500, 1000, 2000, 20000, 20000]);
  assert.equal(fullJitter(5, () => 0), 0);
});

test('events are read from any pieces of text', () => {
  const text = ': hello\n\nretry: 1\n\nid: e:1\nevent: order.status\ndata: {"a":\r\ndata:1}\r\n\r\nid: e:2\ndata: x\n\n';
  const expected = [{ event: 'order.status', data: '{"a":\n1}', id: 'e:1' }, { event: 'message', data: 'x', id: 'e:2' }];
  for (let size = 1; size <= text.length; size++) {
    const parser = new EventStreamParser();
    const events = [];
    for (let i = 0; i < text.length; i += size) events.push(...parser.push(text.slice(i, i + size)));
    assert.deepEqual(events, expected, `in pieces of ${size}`);
  }
});

test('all tabs of a user share one connection; another user gets another', () => {
  const opened = [];
  const said = [];
  const open = (opening, on) => {
    const one = { opening, on, isClosed: false };
    opened.push(one);
    return { send: () => {}, close: () => void (one.isClosed = true) };
  };
  const hub = new Hub({ socket: open, events: open }, (message) => said.push(message));
  const hello = (userId) => ({ type: 'hello', identity: { userId, token: `of ${userId}` }, online: true, position: null });
  hub.received(hello('A'));
  hub.received(hello('A'));
  assert.equal(opened.length, 1);
  opened[0].on.message({ type: 'welcome', replica: 'r1', epoch: 'e', lastEventId: 1 });
  assert.deepEqual(said.at(-2), { type: 'state', state: { phase: 'connected', replica: 'r1', via: 'socket' } });
  hub.received(hello('B'));
  assert.equal(opened.length, 2);
  assert.equal(opened[0].isClosed, true);
  opened[0].on.message({ type: 'order.status', id: 2, orderId: 1, status: 'COMPLETED', correlationId: 'c' });
  assert.ok(!said.some((message) => message.type === 'update'), 'news of another user came through');
  hub.received({ type: 'identity', identity: null });
  assert.equal(opened[1].isClosed, true);
});

test('the pill says what is', () => {
  assert.equal(words({ phase: 'connected', replica: 'order-notification@5006' }), 'Live · notifier 5006');
  assert.equal(words({ phase: 'waiting', retryAt: 10_400 }, 8_000), 'Reconnecting in 3 s');
  assert.equal(words({ phase: 'waiting', retryAt: 10_400 }, 20_000), 'Reconnecting in 0 s');
  assert.equal(words({ phase: 'offline' }), 'Offline');
});
