#!/usr/bin/env node
// Draws images/products/*.svg anew; needed only after the catalogue or cover.js changed.
import { readFileSync, writeFileSync } from 'node:fs';
import { cover } from '../images/cover.js';

export const catalogue = new URL('../../../libs/OrderSchema/Migrations/0004_catalogue.sql', import.meta.url);
export const folder = new URL('../images/products/', import.meta.url);

/** The rows of the migration that fills the catalogue. */
export function subjects() {
  const row = /^\s*\('([^']+)', '(?:[^']|'')*', '([^']+)', '([^']+)', '\/images\/products\/([^']+)'/gm;
  return [...readFileSync(catalogue, 'utf8').matchAll(row)].map(
    ([, code = '', category = '', vendor = '', file = '']) => ({ code, category, vendor, file }));
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const { file, ...subject } of subjects()) writeFileSync(new URL(file, folder), cover(subject));
}
