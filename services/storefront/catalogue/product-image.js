/**
 * Draws a product's image from its code, vendor and category; the same product always gets the same image.
 * Shapes use presentation attributes: the Content-Security-Policy forbids inline styles.
 */

/** @typedef {{ code: string, vendor: string, category: string }} ProductFacts */
/** @typedef {{ background: string, shade: string, light: string }} Palette */

/** @type {Record<string, Palette>} */
const PALETTES = {
  'Azimuth Cloudworks': { background: '#1d4e89', shade: '#0f2f57', light: '#9fd0ff' },
  'Deltapoint Data': { background: '#0f6b5c', shade: '#063e36', light: '#8ee3cf' },
  'Ferrous Networks': { background: '#8a3b1c', shade: '#4f1e0c', light: '#ffc09a' },
  'Kestrel Security': { background: '#6d2338', shade: '#3b0f1d', light: '#ffb3c2' },
  'Lumen Forge': { background: '#5a3a8e', shade: '#301b54', light: '#d3bcff' },
  'Orchard Delivery': { background: '#4a6b1c', shade: '#28400a', light: '#cdeb8f' },
  'Pinecrest Institute': { background: '#24564a', shade: '#10312a', light: '#f2d48a' },
  'Quillstone Software': { background: '#374151', shade: '#1b212c', light: '#c5d3ea' },
  'Saltmarsh Systems': { background: '#1f6272', shade: '#0b3640', light: '#a3e6f2' },
  'Tessera Analytics': { background: '#8a5a0b', shade: '#4d3002', light: '#ffdd94' },
};
const DEFAULT_PALETTE = { background: '#4b5563', shade: '#27303d', light: '#d1d9e6' };

/** @type {((random: () => number, palette: Palette) => string)[]} */
const PATTERNS = [arcs, tiles, waves, bars, orbits, peaks];

/** @param {ProductFacts} product @returns {string} SVG, 400 × 300 */
export function drawProductImage({ code, vendor, category }) {
  const palette = PALETTES[vendor] ?? DEFAULT_PALETTE;
  const random = randomFrom(code);
  const categoryHash = [...category].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const pattern = PATTERNS[(categoryHash + Math.floor(random() * 3)) % PATTERNS.length] ?? arcs;
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300" width="400" height="300">',
    '<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1">',
    `<stop stop-color="${palette.background}"/><stop offset="1" stop-color="${palette.shade}"/></linearGradient></defs>`,
    '<rect width="400" height="300" fill="url(#g)"/>',
    pattern(random, palette),
    text(28, 46, 15, 500, palette.light, vendor),
    text(28, 246, 56, 700, '#ffffff', code),
    text(28, 272, 15, 400, palette.light, category),
    '</svg>\n',
  ].join('\n');
}

/**
 * @param {number} x @param {number} y @param {number} size @param {number} weight @param {string} fill
 * @param {string} content
 */
function text(x, y, size, weight, fill, content) {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const family = 'Inter, system-ui, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif';
  return `<text x="${x}" y="${y}" font-family="${family}" font-size="${size}" font-weight="${weight}" fill="${fill}">${escaped}</text>`;
}

/** @param {() => number} random @param {Palette} palette */
function arcs(random, { light }) {
  const x = 300 + random() * 60;
  const y = 70 + random() * 60;
  return range(6).map((i) => `<circle cx="${round(x)}" cy="${round(y)}" r="${round(26 + i * (20 + random() * 8))}" fill="none" stroke="${light}" stroke-opacity="${round(0.6 - i * 0.08)}" stroke-width="${round(3 + random() * 9)}"/>`).join('');
}

/** @param {() => number} random @param {Palette} palette */
function tiles(random, { light }) {
  return range(30).map((i) => {
    const side = 34;
    const [x, y] = [196 + (i % 6) * side, 8 + Math.floor(i / 6) * side];
    return `<rect x="${x}" y="${y}" width="28" height="28" rx="${random() < 0.3 ? 14 : 5}" fill="${light}" fill-opacity="${round(random() ** 2 * 0.7)}"/>`;
  }).join('');
}

/** @param {() => number} random @param {Palette} palette */
function waves(random, { light }) {
  const amplitude = 18 + random() * 26;
  return range(7).map((i) => {
    const y = 66 + i * 17;
    return `<path d="M150 ${y}C210 ${round(y - amplitude)} 250 ${round(y + amplitude)} 300 ${y}S380 ${round(y - amplitude)} 430 ${round(y - 8)}" fill="none" stroke="${light}" stroke-opacity="${round(0.2 + random() * 0.45)}" stroke-width="${round(2 + random() * 5)}"/>`;
  }).join('');
}

/** @param {() => number} random @param {Palette} palette */
function bars(random, { light }) {
  return range(9).map((i) => {
    const height = 30 + random() * 120;
    return `<rect x="${190 + i * 23}" y="${round(180 - height)}" width="14" height="${round(height)}" rx="7" fill="${light}" fill-opacity="${round(0.18 + random() * 0.5)}"/>`;
  }).join('');
}

/** @param {() => number} random @param {Palette} palette */
function orbits(random, { light }) {
  const points = range(8).map(() => [round(200 + random() * 180), round(30 + random() * 140)]);
  const lines = points.slice(1).map((point, i) => `<path d="M${points[i]}L${point}" stroke="${light}" stroke-opacity=".35" stroke-width="2"/>`);
  const dots = points.map((point) => `<circle cx="${point[0]}" cy="${point[1]}" r="${round(5 + random() * 11)}" fill="${light}" fill-opacity="${round(0.35 + random() * 0.5)}"/>`);
  return [...lines, ...dots].join('');
}

/** @param {() => number} random @param {Palette} palette */
function peaks(random, { light }) {
  return range(5).map((i) => {
    const top = 40 + random() * 80;
    const x = 170 + i * 50;
    return `<path d="M${x} 185L${round(x + 46)} ${round(top)}L${x + 92} 185Z" fill="${light}" fill-opacity="${round(0.12 + random() * 0.28)}"/>`;
  }).join('');
}

/** @param {number} count */
function range(count) {
  return Array.from({ length: count }, (_, i) => i);
}

/**
 * Rounds to two decimals.
 * @param {number} value
 */
function round(value) {
  return String(Math.round(value * 100) / 100);
}

/**
 * Mulberry32, seeded by FNV-1a of the code.
 * @param {string} code @returns {() => number} 0 ≤ r < 1
 */
function randomFrom(code) {
  let state = [...code].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16777619), 2166136261);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
