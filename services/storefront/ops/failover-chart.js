import { svg } from '../app/dom.js';
import { replicaPort } from '../app/format.js';

const [ROW, LEFT, TOP, BOTTOM] = [34, 54, 36, 24];
const MIN_DURATION = 20_000; // milliseconds across the chart
const MIN_LABELLED_BAR = 54;

/**
 * Draws a row for each tab: a bar while it is connected, in the colour of the replica, and a dot for each delivery. A
 * vertical line marks a replica that was killed or drained.
 * @param {SVGElement} chart @param {import('./failover-timeline.js').FailoverTimeline} timeline
 * @param {number} width @param {number} now
 */
export function drawFailoverChart(chart, timeline, width, now) {
  const { tabs, faults, startedAt } = timeline;
  const end = timeline.endedAt ?? now;
  const duration = Math.max(MIN_DURATION, end - startedAt);
  const height = TOP + ROW * tabs.length + BOTTOM;
  const x = (/** @type {number} */ at) => LEFT + (width - LEFT - 8) * Math.min(1, (at - startedAt) / duration);
  const replicas = [...new Set(tabs.flatMap(({ spans }) => spans.map((span) => span.replica)).filter(Boolean))].sort();
  const step = duration > 40_000 ? 10_000 : 5_000;
  const ticks = Array.from({ length: Math.floor(duration / step) + 1 }, (_, i) => i * step);
  chart.setAttribute('viewBox', `0 0 ${width} ${height}`);
  chart.setAttribute('width', String(width));
  chart.setAttribute('height', String(height));
  chart.replaceChildren(
    ...ticks.flatMap((ms) => [
      svg('path', { class: 'grid-line', d: `M${x(startedAt + ms)} ${TOP}V${height - BOTTOM}` }),
      svg('text', { x: x(startedAt + ms), y: height - 6, 'text-anchor': x(startedAt + ms) > width - 20 ? 'end' : 'middle' }, `${ms / 1000} s`),
    ]),
    ...tabs.flatMap(({ spans, deliveries }, tab) => {
      const y = TOP + ROW * tab;
      return [
        svg('text', { x: 0, y: y + 21 }, `Tab ${tab + 1}`),
        ...spans.filter((span) => span.phase === 'connected').flatMap((span) => {
          const from = x(span.from);
          const barWidth = Math.max(1, x(span.to ?? end) - from);
          return [
            svg('rect', { class: `bar bar-${replicas.indexOf(span.replica) % 4}`, x: from, y: y + 5, width: barWidth, height: ROW - 12, rx: 4 }),
            barWidth > MIN_LABELLED_BAR ? svg('text', { class: 'bar-label', x: from + 7, y: y + 20 }, replicaPort(span.replica)) : '',
          ];
        }),
        ...deliveries.map(({ at }) => svg('circle', { class: 'delivery', cx: x(at), cy: y + ROW - 5, r: 2.5 })),
      ];
    }),
    ...faults.flatMap(({ at, replica, kind }, i) => [
      svg('path', { class: 'fault-line', d: `M${x(at)} ${TOP - 4}V${height - BOTTOM}` }),
      svg('text', { class: 'fault-name', x: Math.min(x(at) + 4, width - 78), y: 12 + 14 * (i % 2) }, `${replicaPort(replica)} ${kind === 'kill' ? 'killed' : 'drained'}`),
    ]));
}
