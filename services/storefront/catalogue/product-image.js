/**
 * The pictures of the products, drawn from their code, vendor and category: always the same for the same product.
 * Shapes have presentation attributes only, since the page's policy allows no inline styles.
 */

/** @typedef {{ code: string, vendor: string, category: string }} Subject */
/** @typedef {{ ground: string, deep: string, light: string }} Palette */

/** @type {Record<string, Palette>} */
const PALETTES = {
  'Azimuth Cloudworks': { ground: '#1d4e89', deep: '#0f2f57', light: '#9fd0ff' },
  'Deltapoint Data': { ground: '#0f6b5c', deep: '#063e36', light: '#8ee3cf' },
  'Ferrous Networks': { ground: '#8a3b1c', deep: '#4f1e0c', light: '#ffc09a' },
  'Kestrel Security': { ground: '#6d2338', deep: '#3b0f1d', light: '#ffb3c2' },
  'Lumen Forge': { ground: '#5a3a8e', deep: '#301b54', light: '#d3bcff' },
  'Orchard Delivery': { ground: '#4a6b1c', deep: '#28400a', light: '#cdeb8f' },
  'Pinecrest Institute': { ground: '#24564a', deep: '#10312a', light: '#f2d48a' },
  'Quillstone Software': { ground: '#374151', deep: '#1b212c', light: '#c5d3ea' },
  'Saltmarsh Systems': { ground: '#1f6272', deep: '#0b3640', light: '#a3e6f2' },
  'Tessera Analytics': { ground: '#8a5a0b', deep: '#4d3002', light: '#ffdd94' },
};
const OTHER = { ground: '#4b5563', deep: '#27303d', light: '#d1d9e6' };

/** @type {((random: () => number, palette: Palette) => string)[]} */
const MOTIFS = [arcs, tiles, waves, bars, orbits, peaks];

/** @param {Subject} subject @returns {string} SVG, 400 × 300 */
export function cover({ code, vendor, category }) {
  const palette = PALETTES[vendor] ?? OTHER;
  const random = randomFrom(code);
  const first = [...category].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const motif = MOTIFS[(first + Math.floor(random() * 3)) % MOTIFS.length] ?? arcs;
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300" width="400" height="300">',
    '<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1">',
    `<stop stop-color="${palette.ground}"/><stop offset="1" stop-color="${palette.deep}"/></linearGradient></defs>`,
    '<rect width="400" height="300" fill="url(#g)"/>',
    motif(random, palette),
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
  return range(6).map((i) => `<circle cx="${n(x)}" cy="${n(y)}" r="${n(26 + i * (20 + random() * 8))}" fill="none" stroke="${light}" stroke-opacity="${n(0.6 - i * 0.08)}" stroke-width="${n(3 + random() * 9)}"/>`).join('');
}

/** @param {() => number} random @param {Palette} palette */
function tiles(random, { light }) {
  return range(30).map((i) => {
    const side = 34;
    const [x, y] = [196 + (i % 6) * side, 8 + Math.floor(i / 6) * side];
    return `<rect x="${x}" y="${y}" width="28" height="28" rx="${random() < 0.3 ? 14 : 5}" fill="${light}" fill-opacity="${n(random() ** 2 * 0.7)}"/>`;
  }).join('');
}

/** @param {() => number} random @param {Palette} palette */
function waves(random, { light }) {
  const swing = 18 + random() * 26;
  return range(7).map((i) => {
    const y = 66 + i * 17;
    return `<path d="M150 ${y}C210 ${n(y - swing)} 250 ${n(y + swing)} 300 ${y}S380 ${n(y - swing)} 430 ${n(y - 8)}" fill="none" stroke="${light}" stroke-opacity="${n(0.2 + random() * 0.45)}" stroke-width="${n(2 + random() * 5)}"/>`;
  }).join('');
}

/** @param {() => number} random @param {Palette} palette */
function bars(random, { light }) {
  return range(9).map((i) => {
    const height = 30 + random() * 120;
    return `<rect x="${190 + i * 23}" y="${n(180 - height)}" width="14" height="${n(height)}" rx="7" fill="${light}" fill-opacity="${n(0.18 + random() * 0.5)}"/>`;
  }).join('');
}

/** @param {() => number} random @param {Palette} palette */
function orbits(random, { light }) {
  const points = range(8).map(() => [n(200 + random() * 180), n(30 + random() * 140)]);
  const lines = points.slice(1).map((point, i) => `<path d="M${points[i]}L${point}" stroke="${light}" stroke-opacity=".35" stroke-width="2"/>`);
  const dots = points.map((point) => `<circle cx="${point[0]}" cy="${point[1]}" r="${n(5 + random() * 11)}" fill="${light}" fill-opacity="${n(0.35 + random() * 0.5)}"/>`);
  return [...lines, ...dots].join('');
}

/** @param {() => number} random @param {Palette} palette */
function peaks(random, { light }) {
  return range(5).map((i) => {
    const top = 40 + random() * 80;
    const x = 170 + i * 50;
    return `<path d="M${x} 185L${n(x + 46)} ${n(top)}L${x + 92} 185Z" fill="${light}" fill-opacity="${n(0.12 + random() * 0.28)}"/>`;
  }).join('');
}

/** @param {number} count */
function range(count) {
  return Array.from({ length: count }, (_, i) => i);
}

/**
 * Short numbers.
 * @param {number} value
 */
function n(value) {
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
