import assert from 'node:assert/strict';
import { createHash, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { OIDCClient } from '../../../services/storefront/session/oidc.js';
import { RenewalPace } from '../../../services/storefront/session/renewal-pace.js';
import { readToken } from '../../../services/storefront/session/token.js';

globalThis.crypto ??= webcrypto; // Debian's node 18 has no global `crypto`.

const ISSUER = 'https://id.example.com';
const NOW = 1_000_000_000;
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (claims) => `${encode({ alg: 'none' })}.${encode(claims)}.s`;

/** A client of a provider whose responses the test changes, with the storage of one tab. */
function fixture({ discovery = {}, idToken = {}, tokens = {} } = {}) {
  const stored = new Map();
  const requests = [];
  const respond = (body, status = 200) => ({ ok: status < 400, status, json: async () => body });
  let nonce = '';
  const environment = {
    redirectUri: 'https://shop.example.com/', now: () => NOW,
    storage: {
      getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => void stored.set(key, value),
      removeItem: (key) => void stored.delete(key),
    },
    fetch: async (url, options) => {
      requests.push({ url, ...options });
      if (url === `${ISSUER}/.well-known/openid-configuration`) {
        return respond({
          issuer: ISSUER, authorization_endpoint: `${ISSUER}/authorize?tenant=1`, token_endpoint: `${ISSUER}/token`, ...discovery,
        });
      }
      const claims = { iss: ISSUER, aud: 'shop', nonce, exp: NOW / 1000 + 60, ...idToken };
      return respond({ access_token: 'access', id_token: jwt(claims), refresh_token: 'refresh-1', ...tokens }, tokens.status);
    },
  };
  const client = new OIDCClient({ issuer: ISSUER, clientId: 'shop', scope: 'openid' }, environment);
  return {
    client, requests,
    start: async () => {
      const query = new URL(await client.startSignIn('#/cart')).searchParams;
      nonce = query.get('nonce');
      return query;
    },
  };
}
const response = (query, more = {}) => new URLSearchParams({ code: 'c1', state: query.get('state'), ...more });

test('a sign-in sends the S256 challenge and redeems the code with its verifier', async () => {
  const { client, requests, start } = fixture();
  const query = await start();
  assert.equal(query.get('tenant'), '1');
  assert.deepEqual(['response_type', 'client_id', 'redirect_uri', 'scope', 'code_challenge_method'].map((name) => query.get(name)),
    ['code', 'shop', 'https://shop.example.com/', 'openid', 'S256']);
  const { token, refreshToken, returnTo } = await client.completeSignIn(response(query, { iss: ISSUER }));
  assert.deepEqual([token, refreshToken, returnTo], ['access', 'refresh-1', '#/cart']);
  const grant = new URLSearchParams(requests.at(-1).body);
  assert.equal(grant.get('code'), 'c1');
  assert.equal(createHash('sha256').update(grant.get('code_verifier')).digest('base64url'), query.get('code_challenge'));
});

test('a response is accepted once, and only with the state of the pending sign-in', async () => {
  const { client, requests, start } = fixture();
  await assert.rejects(client.completeSignIn(new URLSearchParams({ code: 'c', state: 's' })), /not started here/);
  const query = await start();
  await assert.rejects(client.completeSignIn(new URLSearchParams({ code: 'c', state: 'other' })), /not started here/);
  await assert.rejects(client.completeSignIn(response(query)), /not started here/);
  assert.ok(!requests.some(({ url }) => url.endsWith('/token')), 'the code was redeemed');
});

test('an ID token with another audience, nonce or issuer, or an expired one, is rejected', async () => {
  const claims = { aud: 'another', nonce: 'old', iss: 'https://else.example.com', exp: NOW / 1000 - 3600 };
  for (const [name, value] of Object.entries(claims)) {
    const { client, start } = fixture({ idToken: { [name]: value } });
    await assert.rejects(client.completeSignIn(response(await start())), /not for this sign-in/, name);
  }
});

test('a response or a configuration of another issuer is rejected', async () => {
  const { client, start } = fixture();
  await assert.rejects(client.completeSignIn(response(await start(), { iss: 'https://else.example.com' })), /another issuer/);
  await assert.rejects(fixture({ discovery: { issuer: 'https://else.example.com' } }).start(), /reports another issuer/);
});

test('an access_denied response is reported as refused', async () => {
  const { client, start } = fixture();
  await assert.rejects(client.completeSignIn(response(await start(), { error: 'access_denied' })), /refused/);
});

test('a refresh keeps the refresh token unless it is rotated', async () => {
  assert.deepEqual(await fixture().client.refresh('r'), { token: 'access', refreshToken: 'refresh-1' });
  assert.deepEqual(await fixture({ tokens: { refresh_token: undefined } }).client.refresh('r'), { token: 'access', refreshToken: 'r' });
  await assert.rejects(fixture({ tokens: { status: 400 } }).client.refresh('r'), (error) => error.status === 400);
});

test('the lifetime of a token does not depend on the clock', () => {
  const token = jwt({ sub: 'Zoë', iat: 100, exp: 200 });
  assert.deepEqual(readToken(token), { userId: 'Zoë', roles: [], token, lifetime: 100_000 });
  assert.deepEqual(readToken(jwt({ sub: 'A', exp: 1, roles: ['operator', 7] }))?.roles, ['operator']);
  assert.equal(readToken(jwt({ sub: 'A', iat: 200, exp: 100 }))?.lifetime, 0);
  assert.equal(readToken(jwt({ sub: 'A', exp: 100 }))?.lifetime, 300_000);
});

test('a token is renewed at once, once more at once, and then seldom', () => {
  let time = 0;
  const pace = new RenewalPace(() => time, () => 0.5);
  const renewals = [];
  for (; time < 600_000; time += 100) {
    if (pace.wait > 0) continue;
    pace.begin();
    renewals.push(time);
  }
  assert.deepEqual(renewals.slice(0, 2), [0, 100]);
  const gaps = renewals.slice(2).map((at, index) => at - renewals[index + 1]);
  assert.ok(gaps.every((gap) => gap >= 10_000), String(gaps));
  assert.ok(renewals.length < 10, String(renewals));
  time += 400_000;
  assert.equal(pace.wait, 0);
  pace.begin();
  assert.equal(pace.wait, 0, 'the first of a new series may be repeated');
});

test('a malformed token is not read', () => {
  for (const bad of ['', 'x.y.z', jwt({ sub: 'A' }), jwt({ exp: 1 })]) assert.equal(readToken(bad), null);
});
