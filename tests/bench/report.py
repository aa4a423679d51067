"""The figures of a benchmark, as a table for people and as JSON for machines."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench.debit_day import IN_A_THIRD, Figure, Outcome
from tests.bench.decisions import Decided
from tests.bench.endpoints import CLIENTS, Endpoints
from tests.bench.lines import Drawn
from tests.bench.reconcile import Reconciled
from tests.bench.scoring import Scoring
from tests.bench.search import Searched
from tests.bench.simulation import Simulated

WIDTH_MIN = 132
_VARIANTS = {
    "baseline": "baseline: COPY and one UPDATE a table",
    "product": "9:00 run, one process",
    "two_children": "9:00 run, a worker's two children",
    "smaller_product": "the same bills in a third of the portfolio",
    "orm": "a loan at a time by ORM (scaled)",
    "closed_form": "night of the portfolio, closed form",
    "every_loan": "night posted to every loan, by SQL",
}
# What must hold: the most or the least.
AT_MOST = {
    "9:00 run / baseline": 2.0,
    IN_A_THIRD: 1.15,
    "me / empty": 3.0,
    "login / empty": 6.0,
    "assessment": 60.0,  # µs
}
DRAWDOWNS_LEAST = 0.15
AT_LEAST = {"a loan at a time / 9:00 run": 30.0, "every loan / closed form": 20.0}


def show(
    outcomes: Sequence[Outcome],
    called: Endpoints | None,
    reconciled: Sequence[Reconciled],
    searched: Searched | None,
    decided: Decided | None,
    drawn: Drawn | None,
    simulated: Simulated | None,
    scoring: Scoring | None,
) -> None:
    """Print a table for the endpoints and one a portfolio."""
    console = Console()
    if console.width < WIDTH_MIN:  # in a pipe too
        console = Console(width=WIDTH_MIN)
    if called is not None:
        console.print(_endpoints(called))
        console.print(_ratios(called))
        console.print(
            "Logins by {clients:.0f} clients at once: half within {p50:,.0f} ms, 99 % within "
            "{p99:,.0f} ms, {refused:.0%} answered 503\n".format(**called.crowd)
        )
    for one in outcomes:
        console.print(_seconds(one))
        console.print(_ratios(one))
        console.print(
            f"Chunks: {one.chunks}; statements a chunk: {one.statements_per_chunk}; "
            f"memory of the process: at most {one.peak_mb} MB\n"
        )
    for whole in reconciled:
        console.print(_reconciled(whole))
    if searched is not None:
        console.print(_searched(searched))
    if decided is not None:
        console.print(_decided(decided))
    if drawn is not None:
        console.print(_drawn(drawn))
    if simulated is not None:
        console.print(_simulated(simulated))
    if scoring is not None:
        console.print(_scoring(scoring))
        console.print(
            f"Real: {', '.join(scoring.real)}. Generated with a seed: "
            f"{', '.join(scoring.generated)}. Decided: {scoring.verdicts}\n"
        )


_SIDES = {
    "seconds": "by the clock",
    "cpu": "CPU, both sides",
    "client": "CPU of the process",
    "server": "CPU of its server process",
}


def _reconciled(one: Reconciled) -> Table:
    title = f"reconcile, {one.loans:,} loans"
    table = Table("", "seconds", "least", "most", title=title, box=box.SIMPLE_HEAD)
    for name, side in _SIDES.items():
        table.add_row(side, *(f"{value:,.2f}" for value in one.seconds[name]))
    return table


def _endpoints(called: Endpoints) -> Table:
    title = f"endpoints under {CLIENTS} clients"
    columns = ("ms a request", "least", "most", "CPU ms: web and database", "web", "p99 ms")
    table = Table("", *columns, title=title, box=box.SIMPLE_HEAD)
    for name, figure in called.milliseconds.items():
        rest = (called.cpu_milliseconds[name], called.web_milliseconds[name], called.p99[name])
        medians = [f"{each.median:,.2f}" for each in rest]
        table.add_row(name, *(f"{value:,.2f}" for value in figure), *medians)
    return table


def _seconds(one: Outcome) -> Table:
    title = f"{one.loans:,} loans, {one.bills:,} bills due"
    columns = (
        "seconds",
        "least",
        "most",
        "µs a bill",
        "CPU seconds",
        "least",
        "most",
        "CPU µs a bill",
    )
    table = Table("", *columns, title=title, box=box.SIMPLE_HEAD)
    for variant, title in _VARIANTS.items():
        cells = []
        for figure in (one.seconds[variant], one.cpu[variant]):
            is_of_bills = variant not in ("closed_form", "every_loan")
            each = f"{figure.median / one.bills * 1e6:,.0f}" if is_of_bills else ""
            cells += [*(f"{value:,.2f}" for value in figure), each]
        table.add_row(title, *cells)
    return table


def _ratios(one: Outcome | Endpoints) -> Table:
    columns = ("by the clock", "least", "most", "by CPU", "least", "most", "bound")
    table = Table("ratio, round by round", *columns, box=box.SIMPLE_HEAD)
    for name, figure in one.ratios.items():
        used = one.cpu_ratios[name]
        values = [f"{value:,.2f}" for value in (*figure, *used)]
        table.add_row(name, *values, _bound(name, used))
    return table


def _bound(name: str, figure: Figure) -> str:
    """Return what must hold of a ratio by CPU, and whether its median does."""
    if name in AT_MOST:
        missed = "" if figure.median <= AT_MOST[name] else ", missed"
        return f"≤ {AT_MOST[name]:g}{missed}"
    if name in AT_LEAST:
        missed = "" if figure.median >= AT_LEAST[name] else ", missed"
        return f"≥ {AT_LEAST[name]:g}{missed}"
    return ""


def _searched(one: Searched) -> Table:
    title = f"search, {one.customers:,} customers"
    table = Table("", "ms", "least", "most", "CPU ms", title=title, box=box.SIMPLE_HEAD)
    for name, figure in one.milliseconds.items():
        used = f"{one.cpu_milliseconds[name].median:,.2f}"
        table.add_row(name, *(f"{value:,.2f}" for value in figure), used)
    return table


def _decided(one: Decided) -> Table:
    title = "rules of an assessment, µs of CPU"
    table = Table("", "µs", "least", "most", "bound", title=title, box=box.SIMPLE_HEAD)
    for name, figure in one.microseconds.items():
        table.add_row(name, *(f"{value:,.1f}" for value in figure), _bound(name, figure))
    table.add_row("assessment / bare loop", *(f"{value:,.1f}" for value in one.ratio), "")
    return table


def _drawn(one: Drawn) -> Table:
    title = f"reserve + draw, {one.processes} processes on {one.lines:,} lines"
    table = Table("", "a second", "least", "most", title=title, box=box.SIMPLE_HEAD)
    table.add_row("reserve + draw", *(f"{value:,.0f}" for value in one.drawdowns))
    table.add_row("pgbench, TPC-B-like", *(f"{value:,.0f}" for value in one.baseline))
    missed = "" if one.ratio.median >= DRAWDOWNS_LEAST else ", missed"
    bound = f"ratio (>= {DRAWDOWNS_LEAST:g}{missed})"
    table.add_row(bound, *(f"{value:,.2f}" for value in one.ratio))
    return table


SCORINGS_LEAST = 2_000


def _scoring(one: Scoring) -> Table:
    title = f"bulk scoring, {one.clients:,} clients, {one.processes} processes"
    table = Table("", "a second", "least", "most", "bound", title=title, box=box.SIMPLE_HEAD)
    bound = f"≥ {SCORINGS_LEAST:,}"
    table.add_row("by the clock", *(f"{value:,.0f}" for value in one.a_second), bound)
    table.add_row("by CPU", *(f"{value:,.0f}" for value in one.a_cpu_second), "")
    return table


SIMULATION_MOST = {"seconds": 20.0, "ratio": 3.0, "memory": 400}


def _simulated(one: Simulated) -> Table:
    title = f"simulate_policy, {one.lines:,} generated lines, {one.processes} processes"
    columns = ("seconds", "least", "most", "CPU seconds", "bound")
    table = Table("", *columns, title=title, box=box.SIMPLE_HEAD)
    for name, figure in one.seconds.items():
        bound = f"≤ {SIMULATION_MOST['seconds']:g}" if name == "simulation" else ""
        used = f"{one.cpu[name].median:,.2f}"
        table.add_row(name, *(f"{value:,.2f}" for value in figure), used, bound)
    for name, figure in one.ratios.items():
        bound = f"≤ {SIMULATION_MOST['ratio']:g}" if name == "by the clock" else ""
        table.add_row(f"ratio {name}", *(f"{value:,.2f}" for value in figure), "", bound)
    memory = ("MB of a process, at most", f"{one.peak_mb}")
    table.add_row(*memory, "", "", "", f"≤ {SIMULATION_MOST['memory']}")
    return table


def as_dict(
    outcomes: Sequence[Outcome],
    called: Endpoints | None,
    reconciled: Sequence[Reconciled],
    searched: Searched | None,
    decided: Decided | None,
    drawn: Drawn | None,
    simulated: Simulated | None,
    scoring: Scoring | None,
) -> dict[str, Any]:
    """Return the figures as JSON."""
    portfolios = [
        {
            **one._asdict(),
            "seconds": _figures(one.seconds),
            "cpu": _figures(one.cpu),
            "ratios": _figures(one.ratios),
            "cpu_ratios": _figures(one.cpu_ratios),
        }
        for one in outcomes
    ]
    whole = [{**one._asdict(), "seconds": _figures(one.seconds)} for one in reconciled]
    found: dict[str, Any] = {"portfolios": portfolios, "reconcile": whole}
    if searched is not None:
        found["search"] = {
            "milliseconds": _figures(searched.milliseconds),
            "cpu_milliseconds": _figures(searched.cpu_milliseconds),
        }
    if decided is not None:
        found["decisions"] = {
            "microseconds": _figures(decided.microseconds),
            "ratio": decided.ratio._asdict(),
        }
    if drawn is not None:
        figures = {"drawdowns": drawn.drawdowns, "pgbench": drawn.baseline, "ratio": drawn.ratio}
        found["lines"] = _figures(figures)
    if scoring is not None:
        figures = {"a_second": scoring.a_second, "a_cpu_second": scoring.a_cpu_second}
        found["scoring"] = scoring._asdict() | _figures(figures)
    if simulated is not None:
        found["simulation"] = {
            **simulated._asdict(),
            **{name: _figures(getattr(simulated, name)) for name in ("seconds", "cpu", "ratios")},
        }
    if called is None:
        return found
    named = called._asdict()
    crowd = named.pop("crowd")
    endpoints = {name: _figures(figures) for name, figures in named.items()} | {"crowd": crowd}
    return found | {"endpoints": endpoints}


def _figures(named: dict[str, Figure]) -> dict[str, dict[str, float]]:
    return {name: figure._asdict() for name, figure in named.items()}
