import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { match, place } from '../../../services/storefront/app/router.js';
import { filtered, values } from '../../../services/storefront/catalogue/filter.js';
import { cover } from '../../../services/storefront/images/cover.js';
import { credentials } from '../../../services/storefront/session/token.js';
import { folder, subjects } from '../../../services/storefront/tools/write-covers.js';

const PRODUCTS = [
  { externalProductId: 'AZ-104', name: 'Cloud Operations', vendor: 'Azimuth', category: 'Cloud' },
  { externalProductId: 'KS-201', name: 'Blue Team Résumé', vendor: 'Kestrel', category: 'Security' },
];
const codes = (filter) => filtered(PRODUCTS, { text: '', vendor: '', category: '', ...filter }).map((one) => one.externalProductId);

test('every word is looked for, without case and accents, in all that is shown', () => {
  assert.deepEqual(codes({}), ['AZ-104', 'KS-201']);
  assert.deepEqual(codes({ text: '  team RESUME ' }), ['KS-201']);
  assert.deepEqual(codes({ text: 'az-1 cloud' }), ['AZ-104']);
  assert.deepEqual(codes({ text: 'cloud team' }), []);
  assert.deepEqual(codes({ vendor: 'Kestrel', category: 'Cloud' }), []);
  assert.deepEqual(values(PRODUCTS, 'vendor'), ['Azimuth', 'Kestrel']);
});

test('the pictures are there for every product, and are those that are drawn now', () => {
  const all = subjects();
  assert.equal(all.length, 145);
  assert.deepEqual(readdirSync(folder).sort(), all.map((subject) => subject.file).sort());
  for (const { file, ...subject } of all) {
    assert.equal(readFileSync(new URL(file, folder), 'utf8'), cover(subject), `${file}: run tools/write-covers.js`);
  }
});

test('a picture cannot be made to hold elements', () => {
  assert.ok(!cover({ code: '<script>', vendor: '&<', category: 'x' }).includes('<script>'));
});

test('addresses name pages and their parts', () => {
  assert.deepEqual(place('').path, '/');
  assert.equal(place('#/?q=a%20b').query.get('q'), 'a b');
  assert.deepEqual(match('/orders/:id', '/orders/7'), { id: '7' });
  assert.equal(match('/orders/:id', '/orders'), null);
  assert.equal(match('/products/:id', '/products/%'), null);
});

test('a token says whose it is, and is due before it expires', () => {
  const token = (claims) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
  assert.deepEqual(credentials(token({ sub: 'Zoë', iat: 100, exp: 200 }), 0),
    { userId: 'Zoë', roles: [], token: token({ sub: 'Zoë', iat: 100, exp: 200 }), expiresAt: 200_000, refreshAt: 180_000 });
  assert.deepEqual(credentials(token({ sub: 'A', exp: 1, roles: ['operator', 7] }), 0)?.roles, ['operator']);
  for (const bad of ['', 'x.y.z', token({ sub: 'A' }), token({ exp: 1 })]) assert.equal(credentials(bad, 0), null);
});
