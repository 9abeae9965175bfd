#!/usr/bin/env node
// Writes images/products/*.svg. Needed after the catalogue or product-image.js has changed.
import { readFileSync, writeFileSync } from 'node:fs';
import { drawProductImage } from './product-image.js';

const migration = new URL('../../../libs/OrderSchema/Migrations/0004_catalogue.sql', import.meta.url);
export const folder = new URL('../images/products/', import.meta.url);

/** The products of the migration that fills the catalogue. */
export function readProducts() {
  const row = /^\s*\('([^']+)', '((?:[^']|'')*)', '([^']+)', '([^']+)', '\/images\/products\/([^']+)'/gm;
  return [...readFileSync(migration, 'utf8').matchAll(row)].map(
    ([, code = '', name = '', category = '', vendor = '', file = '']) => ({ code, name, category, vendor, file }));
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const { file, ...product } of readProducts()) writeFileSync(new URL(file, folder), drawProductImage(product));
}
