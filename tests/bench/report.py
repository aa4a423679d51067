"""The figures of a benchmark, as a table for people and as JSON for machines."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench.debit_day import Figure, Outcome

_VARIANTS = {
    "floor": "floor: COPY and one UPDATE a table",
    "ours": "9:00 run, one process",
    "two_children": "9:00 run, a worker's two children",
    "smaller_ours": "the same bills in a third of the book",
    "orm": "a loan at a time by ORM (scaled)",
    "closed_form": "night of the book, closed form",
    "every_loan": "night posted to every loan, by SQL",
}
# What must hold, as (smaller or larger, bound); shown beside the figure.
BOUNDS = {
    "ours / floor": ("≤", "2"),
    "orm / ours": ("≥", "30"),
    "book / a third of it": ("≤", "1.15"),
    "every loan / closed form": ("≥", "20"),
}


def show(outcomes: Sequence[Outcome]) -> None:
    """Print a table a book."""
    console = Console()
    for one in outcomes:
        console.print(_seconds(one))
        console.print(_ratios(one))
        console.print(
            f"{one.chunks} chunks, {one.statements_per_chunk} statements a chunk, "
            f"worker at most {one.peak_mb} MB\n"
        )


def _seconds(one: Outcome) -> Table:
    title = f"{one.loans:,} loans, {one.bills:,} bills due"
    table = Table("", "seconds", "least", "most", "µs a bill", title=title, box=box.SIMPLE_HEAD)
    for variant, words in _VARIANTS.items():
        figure = one.seconds[variant]
        is_of_bills = variant not in ("closed_form", "every_loan")
        each = f"{figure.median / one.bills * 1e6:,.0f}" if is_of_bills else ""
        table.add_row(words, *(f"{value:,.2f}" for value in figure), each)
    return table


def _ratios(one: Outcome) -> Table:
    table = Table("ratio, round by round", "median", "least", "most", "bound", box=box.SIMPLE_HEAD)
    for name, figure in one.ratios.items():
        sign, bound = BOUNDS.get(name, ("", ""))
        table.add_row(name, *(f"{value:,.2f}" for value in figure), f"{sign} {bound}")
    return table


def told(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return the figures as JSON."""
    return [
        {
            **one._asdict(),
            "seconds": _figures(one.seconds),
            "ratios": _figures(one.ratios),
        }
        for one in outcomes
    ]


def _figures(named: dict[str, Figure]) -> dict[str, dict[str, float]]:
    return {name: figure._asdict() for name, figure in named.items()}
