import { svg } from '../app/dom.js';

/** @typedef {import('./story.js').Story} Story */

const [ROW, LEFT, TOP, BOTTOM] = [34, 54, 36, 24];
const SHORTEST = 20_000; // milliseconds across the picture, at least

/**
 * What each tab saw: a bar while it was connected, in the pattern of the replica; nothing while it was not; a dot
 * for every order that it heard of; a line where a replica was stopped.
 * @param {SVGElement} picture @param {Story} story @param {number} width @param {number} now
 */
export function draw(picture, story, width, now) {
  const end = story.ended ?? now;
  const across = Math.max(SHORTEST, end - story.began);
  const height = TOP + ROW * story.tabs.length + BOTTOM;
  const x = (/** @type {number} */ at) => LEFT + (width - LEFT - 8) * Math.min(1, (at - story.began) / across);
  const replicas = [...new Set(story.tabs.flatMap(({ spans }) => spans.map((span) => span.replica)).filter(Boolean))].sort();
  const step = across > 40_000 ? 10_000 : 5_000;
  const ticks = Array.from({ length: Math.floor(across / step) + 1 }, (_, i) => i * step);
  picture.setAttribute('viewBox', `0 0 ${width} ${height}`);
  picture.setAttribute('width', String(width));
  picture.setAttribute('height', String(height));
  picture.replaceChildren(
    ...ticks.flatMap((ms) => [
      svg('path', { class: 'grid-line', d: `M${x(story.began + ms)} ${TOP}V${height - BOTTOM}` }),
      svg('text', { x: x(story.began + ms), y: height - 6, 'text-anchor': x(story.began + ms) > width - 20 ? 'end' : 'middle' }, `${ms / 1000} s`),
    ]),
    ...story.tabs.flatMap(({ spans, marks }, tab) => {
      const y = TOP + ROW * tab;
      return [
        svg('text', { x: 0, y: y + 21 }, `Tab ${tab + 1}`),
        ...spans.filter((span) => span.phase === 'connected').flatMap((span) => {
          const from = x(span.from);
          const wide = Math.max(1, x(span.to ?? end) - from);
          return [
            svg('rect', { class: `bar bar-${replicas.indexOf(span.replica) % 4}`, x: from, y: y + 5, width: wide, height: ROW - 12, rx: 4 }),
            wide > 54 ? svg('text', { class: 'bar-name', x: from + 7, y: y + 20 }, port(span.replica)) : '',
          ];
        }),
        ...marks.map((mark) => svg('circle', { class: 'mark', cx: x(mark.at), cy: y + ROW - 5, r: 2.5 })),
      ];
    }),
    ...story.stops.flatMap(({ at, replica, way }, i) => [
      svg('path', { class: 'stop-line', d: `M${x(at)} ${TOP - 4}V${height - BOTTOM}` }),
      svg('text', { class: 'stop-name', x: Math.min(x(at) + 4, width - 78), y: 12 + 14 * (i % 2) }, `${port(replica)} ${way === 'kill' ? 'killed' : 'drained'}`),
    ]));
}

/**
 * `order-notification@5006` is 5006 for short.
 * @param {string} replica
 */
export function port(replica) {
  return replica.slice(replica.lastIndexOf('@') + 1);
}
