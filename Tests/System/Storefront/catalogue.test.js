import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { drawProductImage } from '../../../services/storefront/catalogue/product-image.js';
import { distinctValues, filterProducts } from '../../../services/storefront/catalogue/product-filter.js';
import { folder, readProducts } from '../../../services/storefront/catalogue/write-product-images.js';

const PRODUCTS = [
  { externalProductId: 'AZ-104', name: 'Cloud Operations', vendor: 'Azimuth', category: 'Cloud' },
  { externalProductId: 'KS-201', name: 'Blue Team Résumé', vendor: 'Kestrel', category: 'Security' },
];
const codes = (filter) => filterProducts(PRODUCTS, { text: '', vendor: '', category: '', ...filter }).map((one) => one.externalProductId);

test('the filter matches every word without case and accents', () => {
  assert.deepEqual(codes({}), ['AZ-104', 'KS-201']);
  assert.deepEqual(codes({ text: '  team RESUME ' }), ['KS-201']);
  assert.deepEqual(codes({ text: 'az-1 cloud' }), ['AZ-104']);
  assert.deepEqual(codes({ text: 'cloud team' }), []);
  assert.deepEqual(codes({ vendor: 'Kestrel', category: 'Cloud' }), []);
  assert.deepEqual(distinctValues(PRODUCTS, 'vendor'), ['Azimuth', 'Kestrel']);
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
