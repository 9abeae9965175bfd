"""The report as one page that needs nothing else: verdict, timeline, table, findings."""

import html
import math

from chaos import summary

WIDTH, PLOT, LEFT, LANE = 1100, 150, 46, 13  # pixels
BIN = 0.5  # seconds
SERIES = (("201", "accepted", "#2f7d4f"), ("503", "refused", "#c2571a"), ("broken", "broken", "#a3243b"))


def page(report, ledger, began, ended):
    verdict = "Nothing lost, nothing twice" if not report["findings"] else f"{len(report['findings'])} findings"
    findings = "".join(f"<li>{html.escape(text)}</li>" for text in report["findings"][:200])
    facts = "".join(f"<li>{html.escape(name)}: {value}</li>" for name, value in report["facts"].items())
    head = "".join(f"<th>{column}</th>" for column in summary.COLUMNS)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(summary.cell(row[column]))}</td>" for column in summary.COLUMNS) + "</tr>"
        for row in [*report["faults"], report["totals"]])
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Chaos test</title>
<style>
body {{ font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: {WIDTH + 40}px; padding: 0 1rem; color: #222; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 2px 10px; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap; }}
th:first-child, td:first-child {{ text-align: left; }} tr:last-child {{ font-weight: 600; }}
svg {{ max-width: 100%; height: auto; }} figure {{ margin: 0; overflow-x: auto; }}
</style>
<h1>{verdict}</h1>
<p>{report['at']}, {report['seconds']} s; {report['totals']['201']} orders accepted under {len(report['faults'])} conditions.</p>
<h2>Timeline</h2><figure>{timeline(ledger, began, ended)}</figure>
<h2>Faults</h2><figure><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></figure>
<p>The last three columns: seconds from the blow to the first 201, to the first notification (both of orders made after
it), and until every replica was ready and every tab open again.</p>
<h2>Findings</h2><ul>{findings or "<li>none</li>"}</ul><h2>Also seen</h2><ul>{facts}</ul></html>
"""


def timeline(ledger, began, ended):
    """Answers and notifications a second, over one lane a fault."""
    scale = (WIDTH - LEFT) / max(ended - began, 1)
    bins = math.ceil((ended - began) / BIN) + 1
    counts = {name: [0] * bins for name, _, _ in SERIES} | {"told": [0] * bins}
    for when, how in ledger.answers + [(when, "told") for when in ledger.told]:
        if how in counts and began <= when <= ended:
            counts[how][int((when - began) / BIN)] += 1
    top = max(1, max(map(max, counts.values()))) / BIN

    def x(when):
        return LEFT + (when - began) * scale

    def line(values, colour, dash=""):
        points = " ".join(
            f"{LEFT + (index + 0.5) * BIN * scale:.1f},{PLOT - value / BIN / top * (PLOT - 20):.1f}"
            for index, value in enumerate(values))
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.3" {dash}/>'

    parts = [line(counts[name], colour) for name, _, colour in SERIES]
    parts.append(line(counts["told"], "#3767a6", 'stroke-dasharray="3 2"'))
    for index, (label, colour) in enumerate([(label, colour) for _, label, colour in SERIES] + [("told", "#3767a6")]):
        parts.append(f'<text x="{LEFT + index * 90}" y="11" fill="{colour}">{label}/s</text>')
    parts.append(f'<text x="0" y="24">{top:.0f}</text><text x="0" y="{PLOT}">0</text>')
    lanes = [window for window in ledger.windows if window.healed]
    for index, window in enumerate(lanes):
        y = PLOT + 14 + index * LANE
        end = window.whole or window.ended or ended
        left, middle, right = x(window.began), x(window.healed), x(end)
        parts.append(f'<rect x="{left:.1f}" y="{y}" width="{max(middle - left, 2):.1f}" height="9" fill="#a3243b"/>')
        parts.append(f'<rect x="{middle:.1f}" y="{y}" width="{max(right - middle, 1):.1f}" height="9" fill="#e7b9a2"/>')
        beside = f'x="{right + 4:.1f}"' if right < WIDTH - 260 else f'x="{left - 4:.1f}" text-anchor="end"'
        parts.append(f'<text {beside} y="{y + 9}">{html.escape(window.name)}</text>')
    height = PLOT + 34 + len(lanes) * LANE
    for second in range(0, int(ended - began) + 1, 20):
        at = x(began + second)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="16" y2="{height - 14}" stroke="#eee"/>')
        parts.append(f'<text x="{at:.1f}" y="{height - 2}">{second} s</text>')
    grid = [part for part in parts if part.startswith("<line")]
    rest = [part for part in parts if not part.startswith("<line")]
    return (f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-size="10" '
            f'font-family="system-ui, sans-serif" role="img" aria-label="Timeline of the run">'
            f'{"".join(grid + rest)}</svg>')
