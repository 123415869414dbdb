"""Markdown in, one self-contained HTML page out: no script, no link, nothing fetched."""

import html
import re

from loop.report.chart import INK, PAPER, RULE, SCORE

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #ffffff; --rule: #d0d7de;
  --soft: #f6f8fa; --accent: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --rule: #3d444d;
  --soft: #161b22; --accent: #56b4e9; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 4rem; background: var(--paper);
  color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; padding-bottom: .25rem;
  border-bottom: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; color: var(--accent); }
.wide { overflow-x: auto; margin: .6rem 0 1rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .75rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { background: var(--soft); font-weight: 600; text-align: left; white-space: nowrap; }
td:first-child, td[style*="right"] { white-space: nowrap; }
td { min-width: 5.5rem; }
pre { overflow-x: auto; padding: .8rem 1rem; background: var(--soft); border-radius: 6px;
  font-size: .85rem; }
figure { margin: 1rem 0; }
figure svg { width: 100%; height: auto; max-width: 56rem; display: block; }
""".strip()
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
NOT_IN_REPORTS = ["link", "image", "autolink", "reference", "html_inline", "html_block", "entity"]


def _body(markdown: str) -> str:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(NOT_IN_REPORTS)
    rendered = str(parser.render(markdown))
    # Text is escaped, so these tags are the renderer's own.
    opened = '<div class="wide" role="region" aria-label="table" tabindex="0"><table>'
    return rendered.replace("<table>", opened).replace("</table>", "</table></div>")


def _figure(svg: str) -> str:
    drawing = svg[svg.index("<svg") :]
    for colour, name in ((INK, "ink"), (PAPER, "paper"), (RULE, "rule"), (SCORE, "accent")):
        drawing = drawing.replace(colour, f"var(--{name})")
    label = 'role="img" aria-label="Score per category and round; the table has the figures" '
    return f"<figure>{drawing.replace('<svg ', f'<svg {label}', 1)}</figure>"


def to_html(markdown: str, title: str, chart_svg: str | None) -> str:
    """Make a page of a report.

    Args:
        markdown: A report; raw HTML in it is shown as text, links and images are not made.
        title: Shown by the browser.
        chart_svg: What `chart` drew, put before the report's second section, or None.

    Returns:
        The page.
    """
    body = _body(markdown)
    if chart_svg is not None:
        before, heading, after = body.partition("<h2>")
        body = f"{before}{_figure(chart_svg)}{heading}{after}"
    return re.sub(
        r"[\ud800-\udfff]",
        "\ufffd",
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n"
        f"<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
    )
