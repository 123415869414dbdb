"""One picture of the run: score per category over the rounds, with interval and target."""

import io
from typing import TYPE_CHECKING, Any

from loop.recipe import CategorySection
from loop.records import CategoryWeakness, Weakness
from loop.report.text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, PAPER, RULE = "#1f2328", "#ffffff", "#d0d7de"
"""Neutral colours; a page puts its own in their place."""
SCORE, TARGET = "#0072b2", "#d55e00"
"""Blue and vermilion of Okabe and Ito: told apart with any colour vision. A page in the dark
takes a lighter blue."""
FIXED: dict[Any, Any] = {
    "svg.hashsalt": "loop",
    "svg.fonttype": "path",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 10,
}


def _panel(
    axes: "Axes", category: CategorySection, points: list[tuple[int, CategoryWeakness]]
) -> None:
    rounds = [number for number, _ in points]
    scores = [weak.score for _, weak in points]
    low, high = [weak.low for _, weak in points], [weak.high for _, weak in points]
    axes.fill_between(rounds, low, high, color=SCORE, alpha=0.16, linewidth=0)
    axes.vlines(rounds, low, high, color=SCORE, alpha=0.55, linewidth=1.4)
    axes.axhline(category.target, color=TARGET, linewidth=1.6, linestyle=(0, (5, 3)))
    axes.plot(rounds, scores, color=SCORE, linewidth=2.2)
    for number, weak in points:
        filled = SCORE if weak.verdict == "met" else PAPER
        axes.plot(
            number, weak.score, "o", markersize=7, color=SCORE, markerfacecolor=filled, mew=1.8
        )
    name = plain(category.name, 32)
    axes.set_title(name, loc="left", fontsize=11, fontweight="bold", color=INK)
    axes.set_title(f"{scores[-1]:.2f}", loc="right", fontsize=11, fontweight="bold", color=SCORE)


def _dress(axes: "Axes", last_round: int) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_ylim(-0.03, 1.03)
    axes.set_xlim(-0.3, max(last_round, 1) + 0.3)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_facecolor(PAPER)
    axes.tick_params(colors=INK, length=0, labelsize=9)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(RULE)


def _legend(figure: "Figure", inches: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def dot(inside: str) -> Line2D:
        line = Line2D([], [], color=SCORE, linewidth=2.2, marker="o", markersize=7)
        line.set(markerfacecolor=inside, markeredgewidth=1.8)
        return line

    figure.legend(
        handles=[
            dot(PAPER),
            dot(SCORE),
            Patch(facecolor=SCORE, alpha=0.25, linewidth=0),
            Line2D([], [], color=TARGET, linewidth=1.6, linestyle=(0, (5, 3))),
        ],
        labels=["diagnose score", "target met", "95 % interval", "target"],
        loc="upper left",
        bbox_to_anchor=(0.04, 1 - 0.08 / inches),
        ncols=4,
        frameon=False,
        labelcolor=INK,
        fontsize=10,
        columnspacing=1.6,
        handlelength=2.2,
    )


def chart(history: tuple[Weakness, ...], taxonomy: tuple[CategorySection, ...]) -> str:
    """Draw every category's score over the rounds, highest priority first.

    Args:
        history: Weakness reports, oldest first; at least one.
        taxonomy: All categories; each has its own panel.

    Returns:
        One SVG document; the same records give the same bytes.

    Raises:
        ValueError: There is no round to draw.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    if not history:
        raise ValueError("a chart needs at least one evaluated round, got none")
    ordered = sorted(taxonomy, key=lambda category: -category.priority)
    columns = min(len(ordered), 2 if len(ordered) <= 4 else 3)
    rows = -(-len(ordered) // columns)
    inches = 0.75 + 2.3 * rows
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(FIXED)
        figure = Figure(figsize=(3.6 * max(columns, 2), inches), facecolor=PAPER)
        panels = list(figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flat)
        for axes, category in zip(panels, ordered, strict=False):
            points = [(each.round, each.category(category.name)) for each in history]
            _panel(axes, category, points)
            _dress(axes, history[-1].round)
        for axes in panels[len(ordered) :]:
            axes.set_visible(False)
        for axes in panels[max(0, len(ordered) - columns) : len(ordered)]:
            axes.set_xlabel("round", color=INK, fontsize=9)
            axes.tick_params(labelbottom=True)
        figure.subplots_adjust(
            left=0.07,
            right=0.97,
            top=1 - 0.75 / inches,
            bottom=0.5 / inches,
            hspace=0.42,
            wspace=0.12,
        )
        _legend(figure, inches)
        drawn = io.StringIO()
        metadata = {"Date": None, "Creator": None}
        figure.savefig(drawn, format="svg", facecolor=PAPER, metadata=metadata)
    return drawn.getvalue()
