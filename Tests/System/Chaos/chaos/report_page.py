"""The report as a self-contained HTML page: result, timeline, table, violations."""

import html
import math

from chaos import summary

WIDTH, PLOT, LEFT, LANE = 1100, 150, 46, 13  # pixels
BIN = 0.5  # seconds
SERIES = (("201", "accepted", "#2f7d4f"), ("503", "rejected", "#c2571a"), ("broken", "broken", "#a3243b"))


def render(report, history, began, ended):
    result = "No violations" if not report["violations"] else f"{len(report['violations'])} violations"
    violations = "".join(f"<li>{html.escape(text)}</li>" for text in report["violations"][:200])
    observations = "".join(f"<li>{html.escape(name)}: {value}</li>" for name, value in report["observations"].items())
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
<h1>{result}</h1>
<p>{report['at']}, {report['seconds']} s; {report['totals']['201']} orders accepted under {len(report['faults'])} conditions.</p>
<h2>Timeline</h2><figure>{timeline(history, began, ended)}</figure>
<h2>Faults</h2><figure><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></figure>
<p>First 201, first notified, recovered: seconds from the fault to the first 201 and the first notification of orders
placed after it, and until every replica was ready and every subscriber connected. p99.9: milliseconds to the 201 of the
slowest order in a thousand, without the orders of the fault's first 0.3 s.</p>
<h2>Violations</h2><ul>{violations or "<li>none</li>"}</ul><h2>Observations</h2><ul>{observations}</ul></html>
"""


def timeline(history, began, ended):
    """Answers and notifications per second, above one lane per fault."""
    scale = (WIDTH - LEFT) / max(ended - began, 1)
    bins = math.ceil((ended - began) / BIN) + 1
    counts = {name: [0] * bins for name, _, _ in SERIES} | {"notified": [0] * bins}
    for when, how in history.answers + [(when, "notified") for when in history.notified]:
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
    parts.append(line(counts["notified"], "#3767a6", 'stroke-dasharray="3 2"'))
    for index, (label, colour) in enumerate([(label, colour) for _, label, colour in SERIES] + [("notified", "#3767a6")]):
        parts.append(f'<text x="{LEFT + index * 90}" y="11" fill="{colour}">{label}/s</text>')
    parts.append(f'<text x="0" y="24">{top:.0f}</text><text x="0" y="{PLOT}">0</text>')
    lanes = [window for window in history.windows if window.removed]
    for index, window in enumerate(lanes):
        y = PLOT + 14 + index * LANE
        end = window.recovered or window.ended or ended
        left, middle, right = x(window.began), x(window.removed), x(end)
        parts.append(f'<rect x="{left:.1f}" y="{y}" width="{max(middle - left, 2):.1f}" height="9" fill="#a3243b"/>')
        parts.append(f'<rect x="{middle:.1f}" y="{y}" width="{max(right - middle, 1):.1f}" height="9" fill="#e7b9a2"/>')
        beside = f'x="{right + 4:.1f}"' if right < WIDTH - 260 else f'x="{left - 4:.1f}" text-anchor="end"'
        parts.append(f'<text {beside} y="{y + 9}">{html.escape(window.name)}</text>')
    height = PLOT + 34 + len(lanes) * LANE
    for second in range(0, int(ended - began) + 1, 20):
        at = x(began + second)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="16" y2="{height - 14}" stroke="#eee"/>')
        parts.append(f'<text x="{at:.1f}" y="{height - 2}">{second} s</text>')
    grid_lines = [part for part in parts if part.startswith("<line")]
    others = [part for part in parts if not part.startswith("<line")]
    return (f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-size="10" '
            f'font-family="system-ui, sans-serif" role="img" aria-label="Timeline of the run">'
            f'{"".join(grid_lines + others)}</svg>')
