import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { drawProductImage } from '../../../services/storefront/catalogue/product-image.js';
import { describeProduct } from '../../../services/storefront/catalogue/product-description.js';
import { distinctValues, filterProducts } from '../../../services/storefront/catalogue/product-filter.js';
import { distance, searchProducts } from '../../../services/storefront/catalogue/product-search.js';
import { folder, readProducts } from '../../../services/storefront/catalogue/write-product-images.js';

const PRODUCTS = [
  { externalProductId: 'AZ-104', name: 'Cloud Operations', vendor: 'Azimuth', category: 'Cloud' },
  { externalProductId: 'KS-201', name: 'Blue Team Résumé', vendor: 'Kestrel', category: 'Security' },
  { externalProductId: 'DP-320', name: 'Query Tuning for Security Teams', vendor: 'Deltapoint', category: 'Data' },
];
const codes = (filter) => filterProducts(PRODUCTS, { text: '', vendor: '', category: '', ...filter }).products.map((one) => one.externalProductId);

test('the filter matches every word without case and accents', () => {
  assert.deepEqual(codes({}), ['AZ-104', 'KS-201', 'DP-320']);
  assert.deepEqual(codes({ text: '  team RESUME ' }), ['KS-201']);
  assert.deepEqual(codes({ text: 'az-1 cloud' }), ['AZ-104']);
  assert.deepEqual(codes({ text: 'cloud team' }), []);
  assert.deepEqual(codes({ vendor: 'Kestrel', category: 'Cloud' }), []);
  assert.deepEqual(distinctValues(PRODUCTS, 'vendor'), ['Azimuth', 'Deltapoint', 'Kestrel']);
});

/** The codes that a text finds, and whether they are only similar. */
const search = (text) => {
  const { products, isApproximate } = searchProducts(PRODUCTS, text);
  return [products.map((product) => product.externalProductId), isApproximate];
};

test('a search tolerates typing errors, in any order of the words, when nothing fits exactly', () => {
  assert.deepEqual(search('operatons'), [['AZ-104'], true]);
  assert.deepEqual(search('claud operation'), [['AZ-104'], true]);
  assert.deepEqual(search('tunign query'), [['DP-320'], true]);
  assert.deepEqual(search('kestrl resum'), [['KS-201'], true]);
  assert.deepEqual(search('oprat'), [['AZ-104'], true], 'the beginning of a word, with an error');
  assert.deepEqual(search('blur'), [['KS-201'], true]);
  assert.deepEqual(search('operations'), [['AZ-104'], false]);
});

test('a typing error in a code, or in a short word, finds nothing', () => {
  assert.deepEqual(search('AZ-105'), [[], false]);
  assert.deepEqual(search('tin'), [[], false]);
  assert.deepEqual(search('completely else'), [[], false]);
});

test('a search shows first what fits better', () => {
  assert.deepEqual(search('security'), [['DP-320', 'KS-201'], false], 'the name counts more than the category');
  assert.deepEqual(search('team'), [['KS-201', 'DP-320'], false], 'a whole word counts more than its beginning');
  for (const text of ['ks-201', 'KS201', 'ks 201', '  201 ks  ']) assert.deepEqual(search(text)[0], ['KS-201'], text);
});

test('a text of any length and content is searched', () => {
  for (const text of ['', ' - ', '()*[', 'x'.repeat(1_000_000), 'data '.repeat(10_000)]) assert.ok(Array.isArray(search(text)[0]));
  assert.equal(search(' - ')[0].length, 3);
});

test('the distance counts letters too many, missing, wrong and exchanged', () => {
  const pairs = [['data', 'data', 0], ['data', 'dat', 1], ['data', 'daata', 1], ['data', 'dota', 1], ['data', 'dtaa', 1], ['kitten', 'sitting', 3], ['', 'ab', 2]];
  for (const [a, b, expected] of pairs) assert.equal(distance(a, b, 3), expected, `${a} ${b}`);
  assert.ok(distance('kitten', 'sitting', 2) > 2);
});

test('every product of the catalogue has a description of what it is about and how it is paid', () => {
  const product = { externalProductId: 'AZ-104', name: 'Cloud Operations: Practice Exams', vendor: 'Azimuth', category: 'Cloud', discount: 20, billingPeriod: 'Annual', isSubscription: true };
  const [about, topic, access] = describeProduct(product);
  assert.match(about, /^Cloud Operations is offered by Azimuth.* practice exams/);
  assert.match(topic, /^Cloud courses/);
  assert.match(access, /subscription: the price is due each year.* discount of 20 %/);
  assert.match(describeProduct({ ...product, isSubscription: false, billingPeriod: 'Monthly', discount: 0 })[2], /paid once .* one month; nothing is renewed\.$/);
  assert.equal(describeProduct({ ...product, category: 'constructor', name: 'A: B' }).length, 2, 'only what is known');
  for (const one of readProducts()) assert.equal(describeProduct({ ...product, ...one, name: one.name }).length, 3, one.code);
});

test('every product has its image, and the images are current', () => {
  const products = readProducts();
  assert.equal(products.length, 145);
  assert.deepEqual(readdirSync(folder).sort(), products.map((product) => product.file).sort());
  for (const { file, ...product } of products) {
    assert.equal(readFileSync(new URL(file, folder), 'utf8'), drawProductImage(product), `${file}: run catalogue/write-product-images.js`);
  }
});

test('text in a product image is escaped', () => {
  assert.ok(!drawProductImage({ code: '<script>', vendor: '&<', category: 'x' }).includes('<script>'));
});
