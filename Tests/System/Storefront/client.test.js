import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { connect } from '../../../services/storefront/live/client.js';
import { FakeClock } from './fake-clock.js';

const WELCOME = { type: 'welcome', replica: 'r1', epoch: 'e', lastEventId: 10 };
const update = (id) => ({ type: 'order.status', id, correlationId: 'c', orderId: 7, status: 'COMPLETED' });
const settled = () => new Promise((resolve) => setImmediate(resolve));

let clock = new FakeClock();
beforeEach(() => {
  clock = new FakeClock();
});
afterEach(() => clock.restore());

/** A client over transports that the test controls. */
function start(options) {
  const opened = [];
  const got = { updates: [], gaps: [], states: [] };
  const open = (name) => (given, handlers) => {
    const one = { name, ...given, handlers, sent: [], isClosed: false };
    opened.push(one);
    return { send: (message) => one.sent.push(message), close: () => void (one.isClosed = true) };
  };
  const live = connect({
    onUpdate: ({ orderId }, position) => got.updates.push([orderId, position?.lastEventId]),
    onGap: (position) => got.gaps.push(position?.lastEventId),
    onState: ({ phase }) => got.states.push(phase),
    transports: { websocket: open('websocket'), sse: open('sse') }, ...options,
  });
  return { live, opened, got, last: () => opened.at(-1) };
}

test('a page is told of the first state, of each update, and of a gap', () => {
  const { live, got, last } = start({ token: 't' });
  last().handlers.message(WELCOME);
  last().handlers.message(update(11));
  assert.deepEqual(got, { updates: [[7, 11]], gaps: [10], states: ['connecting', 'connected'] });
  last().handlers.message({ type: 'resumed', recovered: false, epoch: 'f', lastEventId: 2 });
  assert.deepEqual(got.gaps, [10, 2]);
  assert.deepEqual(live.position, { epoch: 'f', lastEventId: 2 });
  live.close();
  assert.equal(last().isClosed, true);
  assert.equal(live.state.phase, 'off');
});

test('a stored position is resumed, without a gap', () => {
  const { live, got, last } = start({ token: 't', position: { epoch: 'e', lastEventId: 9 } });
  assert.deepEqual(last().position, { epoch: 'e', lastEventId: 9 });
  last().handlers.message(WELCOME);
  last().handlers.message({ type: 'resumed', recovered: true, count: 1 });
  last().handlers.message(update(10));
  assert.deepEqual([got.gaps, got.updates], [[], [[7, 10]]]);
  live.close();
});

test('a token is asked for, and again when it is rejected, and the connection resumes', async () => {
  const tokens = ['t1', 't2'];
  const { live, opened, last } = start({ token: async () => tokens.shift() });
  clock.tick(0);
  await settled();
  assert.equal(last().token, 't1');
  last().handlers.message(WELCOME);
  last().handlers.closed(4401);
  clock.tick(0);
  await settled();
  assert.equal(opened.length, 2);
  assert.deepEqual([last().token, last().position], ['t2', { epoch: 'e', lastEventId: 10 }]);
  live.close();
});

test('tokens that do not help are asked for seldom', async () => {
  let asked = 0;
  const { live, last } = start({ token: () => `t${++asked}` });
  for (let second = 0; second < 600; second++) {
    clock.tick(1_000);
    await settled();
    if (last() && !last().isClosed) last().handlers.closed(4401);
  }
  assert.ok(asked > 3 && asked < 100, String(asked));
  live.close();
});

test('a token that is not supplied, or never, is asked for again', async () => {
  let asked = 0;
  const { live, last } = start({ token: () => {
    asked += 1;
    if (asked === 1) throw new Error('no network');
    return asked === 2 ? new Promise(() => {}) : 't3';
  } });
  for (let second = 0; second < 60 && !last(); second++) {
    clock.tick(1_000);
    await settled();
  }
  assert.deepEqual([asked, last()?.token], [3, 't3']);
  live.close();
});

test('a token is refreshed in place', () => {
  const { live, opened, last } = start({ token: 't1' });
  last().handlers.message(WELCOME);
  live.setToken('t2');
  assert.deepEqual(last().sent, [{ type: 'refresh', token: 't2' }]);
  assert.equal(opened.length, 1);
  live.close();
});

test('a page that gives a text is told of a rejected token, and a closed client asks for nothing', async () => {
  const rejected = [];
  const { live, opened, last } = start({ token: 't1', onTokenRejected: (token) => rejected.push(token) });
  last().handlers.closed(4401);
  assert.deepEqual(rejected, ['t1']);
  live.close();
  live.setToken('t2');
  clock.tick(100_000);
  assert.equal(opened.length, 1);
  const other = start({ token: () => assert.fail('asked') });
  other.live.close();
  clock.tick(100_000);
  await settled();
  assert.equal(other.opened.length, 0);
});

test('blocked WebSockets are replaced by a stream', () => {
  const { live, opened, last } = start({ token: 't' });
  for (let i = 0; i < 2; i++) {
    last().handlers.closed(1006);
    clock.tick(1_500);
  }
  assert.deepEqual(opened.map(({ name }) => name), ['websocket', 'websocket', 'sse']);
  live.close();
});

test('the files that the README tells to copy are those that the client needs', () => {
  const folder = new URL('../../../services/storefront/live/', import.meta.url);
  const needed = new Set(['client.js', 'client.d.ts']);
  for (const file of needed) {
    for (const [, imported] of readFileSync(new URL(file, folder), 'utf8').matchAll(/^(?:import|export) .* from '([^']+)';/gm)) {
      assert.match(imported, /^\.\/[\w-]+\.js$/, `${file} imports from another folder`);
      needed.add(imported.slice(2));
    }
  }
  const [, list] = readFileSync(new URL('README.md', folder), 'utf8').match(/copy (.*?), give/s);
  assert.deepEqual([...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name).sort(), [...needed].sort());
});
