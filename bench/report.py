"""The figures as a table: ours, vanilla's and the raw database's side by side, with their ratios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.measure import NOT_MEASURED, Case, Figure, Goal, speed

HEADER = (
    "",
    "ours",
    "vanilla",
    "raw",
    "ours÷raw",
    "vanilla÷ours",
    "÷small",
    "÷floor",
    "peak MiB",
    "vanilla's",
    "must hold",
)


def row(case: Case, figures: Mapping[str, Figure], goals: Sequence[Goal]) -> list[str]:
    """Return the cells of one case, in the order of HEADER."""
    ours, vanilla, raw = figures["ours"], figures["vanilla"], figures["raw"]
    words = [f"{goal.words}: {'yes' if goal.met else 'NO'}" for goal in goals]
    return [
        case.label,
        *(shown(case, figure) for figure in (ours, vanilla, raw)),
        times(case, ours, raw),
        times(case, vanilla, ours),
        times(case, ours, figures.get("small")),
        times(case, ours, figures.get("floor")),
        memory(ours),
        memory(vanilla),
        "; ".join(words) or "—",
    ]


def cells(case: Case, figures: Mapping[str, Figure]) -> list[str]:
    """Return the cells of one case in the documents: ours, vanilla, raw, ÷small, ÷floor, MiB."""
    ours = figures["ours"]
    compared = [times(case, ours, figures.get(name)).replace("—", "") for name in ("small", "floor")]
    return [*(shown(case, figures[way]) for way in ("ours", "vanilla", "raw")), *compared, memory(ours)]


def shown(case: Case, figure: Figure) -> str:
    if not figure.best:
        return figure.failure or NOT_MEASURED
    return f"{speed(figure):,.0f} rows/s" if case.rows else f"{figure.best * 1000:,.1f} ms"


def times(case: Case, one: Figure, other: Figure | None) -> str:
    """Return the cost of ``one`` as a multiple of ``other``'s; the cost is by row if the case counts rows."""
    if other is None or not one.best or not other.best:
        return "—"
    factor = speed(other) / speed(one) if case.rows else one.best / other.best
    return f"{factor:,.0f}×" if factor >= 100 else f"{factor:.2f}×"


def memory(figure: Figure) -> str:
    return f"{figure.peak_mib:.0f}" if figure.peak_mib else "—"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return HEADER and the rows in aligned columns: words to the left, figures to the right."""
    lines = [list(HEADER), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    last = len(HEADER) - 1
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, last) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
