"""Records in, pages for people out: Markdown, one chart, one HTML page. Computes no score.

Everything here is a pure function: times enter through an argument, so the same records give the
same bytes. Text of the holdout, and ids of gate and final, have no way in.
"""

from loop.report.chart import chart
from loop.report.page import to_html
from loop.report.round import round_report
from loop.report.run import run_report

__all__ = ["chart", "round_report", "run_report", "to_html"]
