import assert from 'node:assert/strict';
import { createHash, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { OIDC } from '../../../services/storefront/session/oidc.js';

globalThis.crypto ??= webcrypto; // Debian's node 18 has it as a module only.

const ISSUER = 'https://id.example.com';
const NOW = 1_000_000_000;
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (said) => `${part({ alg: 'none' })}.${part(said)}.s`;

/** An issuer that answers as told, and a browser that keeps one tab's storage. */
function world({ discovery = {}, idToken = {}, tokens = {} } = {}) {
  const stored = new Map();
  const asked = [];
  const answer = (body, status = 200) => ({ ok: status < 400, status, json: async () => body });
  let nonce = '';
  const around = {
    redirectUri: 'https://shop.example.com/', now: () => NOW,
    storage: {
      getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => void stored.set(key, value),
      removeItem: (key) => void stored.delete(key),
    },
    fetch: async (url, options) => {
      asked.push({ url, ...options });
      if (url === `${ISSUER}/.well-known/openid-configuration`) {
        return answer({
          issuer: ISSUER, authorization_endpoint: `${ISSUER}/authorize?tenant=1`, token_endpoint: `${ISSUER}/token`, ...discovery,
        });
      }
      const said = { iss: ISSUER, aud: 'shop', nonce, exp: NOW / 1000 + 60, ...idToken };
      return answer({ access_token: 'access', id_token: jwt(said), refresh_token: 'refresh-1', ...tokens }, tokens.status);
    },
  };
  const oidc = new OIDC({ issuer: ISSUER, clientId: 'shop', scope: 'openid' }, around);
  return {
    oidc, asked, stored,
    begin: async () => {
      const query = new URL(await oidc.begin('#/cart')).searchParams;
      nonce = query.get('nonce');
      return query;
    },
  };
}
const answered = (query, more = {}) => new URLSearchParams({ code: 'c1', state: query.get('state'), ...more });

test('a sign-in goes to the issuer with a challenge, and comes back with its verifier', async () => {
  const { oidc, asked, begin } = world();
  const query = await begin();
  assert.equal(query.get('tenant'), '1');
  assert.deepEqual(['response_type', 'client_id', 'redirect_uri', 'scope', 'code_challenge_method'].map((name) => query.get(name)),
    ['code', 'shop', 'https://shop.example.com/', 'openid', 'S256']);
  const { token, refreshToken, returnTo } = await oidc.finish(answered(query, { iss: ISSUER }));
  assert.deepEqual([token, refreshToken, returnTo], ['access', 'refresh-1', '#/cart']);
  const grant = new URLSearchParams(asked.at(-1).body);
  assert.equal(grant.get('code'), 'c1');
  assert.equal(createHash('sha256').update(grant.get('code_verifier')).digest('base64url'), query.get('code_challenge'));
});

test('an answer is taken once, and only for the sign-in that was begun', async () => {
  const { oidc, asked, begin } = world();
  await assert.rejects(oidc.finish(new URLSearchParams({ code: 'c', state: 's' })), /not begun here/);
  const query = await begin();
  await assert.rejects(oidc.finish(new URLSearchParams({ code: 'c', state: 'other' })), /not begun here/);
  await assert.rejects(oidc.finish(answered(query)), /not begun here/);
  assert.ok(!asked.some(({ url }) => url.endsWith('/token')), 'a code was sent all the same');
});

test('what another issuer answers, or for another client or sign-in, is refused', async () => {
  const faults = { aud: 'somebody', nonce: 'old', iss: 'https://else.example.com', exp: NOW / 1000 - 3600 };
  for (const [name, value] of Object.entries(faults)) {
    const { oidc, begin } = world({ idToken: { [name]: value } });
    await assert.rejects(oidc.finish(answered(await begin())), /not for this sign-in/, name);
  }
  const mixed = world();
  await assert.rejects(mixed.oidc.finish(answered(await mixed.begin(), { iss: 'https://else.example.com' })), /another issuer/);
  await assert.rejects(world({ discovery: { issuer: 'https://else.example.com' } }).begin(), /says it is another/);
  const refused = world();
  await assert.rejects(refused.oidc.finish(answered(await refused.begin(), { error: 'access_denied' })), /refused/);
});

test('a refresh keeps the refresh token unless there is another', async () => {
  assert.deepEqual(await world().oidc.refresh('r'), { token: 'access', refreshToken: 'refresh-1' });
  assert.deepEqual(await world({ tokens: { refresh_token: undefined } }).oidc.refresh('r'), { token: 'access', refreshToken: 'r' });
  await assert.rejects(world({ tokens: { status: 400 } }).oidc.refresh('r'), (error) => error.status === 400);
});
