"""``make bench ARGS="--only drawdowns"``: a drawdown against a bare endpoint with its statements.

Eight clients draw under confirmed cost sheets, each once, over HTTP. The baseline is an endpoint of
the same framework in the same web process that sends the very statements of these requests, their
values ready. Processor time is that of the web process and of the database.
"""

import tempfile
import uuid
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.test import Client
from rich import box
from rich.progress import Progress
from rich.table import Table

from accounts.login import operations as logins
from accounts.models import BankCard, Customer
from accounts.onboarding import context as contexts
from backoffice.core import clock, workflow
from loans.contracts.operations import offers, quotes
from loans.models import Plan, Quote
from risk.lines.operations.imports import ImportedLine, record_import
from risk.models import Assessment, CreditLine
from tests.bench import databases, endpoints, recorded
from tests.bench.debit_day import Figure, child
from tests.bench.endpoints import Call
from tests.bench.recorded import Recorded

CUSTOMERS = 40
REQUESTS = 1_200
AMOUNT_FEN = 10_000
RATIO_MOST = 2.0
_PATHS = {"drawdown": "/api/v1/loans", "bare": "/api/bare-drawdown"}
_AGO = timedelta(days=100)


class Drawn(NamedTuple):
    """Milliseconds of processor time of a drawdown and of its baseline, and their ratio."""

    requests: int
    statements: int
    cpu: dict[str, Figure]
    web: dict[str, Figure]
    p99: dict[str, Figure]
    ratio: Figure


def measure(*, rounds: int, progress: Progress, requests: int = REQUESTS) -> Drawn:
    """Measure both in interleaved rounds, each on a fresh copy of the database."""
    steps = progress.add_task("drawdowns", total=2 + 2 * rounds)
    database, calls = make(requests)
    progress.advance(steps)
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as folder:
        given, file = Path(folder) / "requests.tsv", Path(folder) / "recorded.pickle"
        given.write_text("\n".join("\t".join((one.token, one.key, one.body)) for one in calls))
        with databases.copied(database) as copy:
            done = child("record_drawdowns", str(given), str(file), database=copy)
        progress.advance(steps)
        for _round in range(rounds):
            for name, path in _PATHS.items():
                of_path = [call._replace(path=path) for call in calls]
                with (
                    databases.copied(database) as copy,
                    endpoints.web(copy, {"BENCH_RECORDED": str(file)}) as (web, port),
                ):
                    for figure, value in endpoints.measured_once(web, port, of_path).items():
                        found[figure][name].append(value)
                progress.advance(steps)
    databases.drop(database)
    cpu = found["cpu_milliseconds"]
    return Drawn(
        requests,
        done["statements"],
        {name: Figure.of(values) for name, values in cpu.items()},
        {name: Figure.of(values) for name, values in found["web_milliseconds"].items()},
        {name: Figure.of(values) for name, values in found["p99"].items()},
        Figure.of([own / bare for own, bare in zip(cpu["drawdown"], cpu["bare"], strict=True)]),
    )


def make(requests: int) -> tuple[str, list[Call]]:
    """Make customers who may draw, with cost sheets and grants; return database and requests."""
    database = f"{databases.PREFIX}_drawdowns"
    with databases.migrated_one(database):
        calls = _calls(requests)
    with databases.owner(database) as owner:
        owner.execute("VACUUM ANALYZE")
    return database, calls


def _calls(requests: int) -> list[Call]:
    """Return the requests; neighbours are of different customers."""
    customers = min(CUSTOMERS, requests)
    at = clock.wall()
    tokens = dict(_borrower(number, at=at) for number in range(1, customers + 1))
    _confirm_one(Customer.objects.earliest("pk"), at=at)
    each = -(-requests // customers)
    with transaction.atomic(), workflow.importing(), connection.cursor() as cursor:
        cursor.execute(_sheets(), {"each": each, "expires_at": at + timedelta(days=1)})
        cursor.execute(_GRANTS, {"at": at, "expires_at": at + timedelta(days=1)})
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN)
        rows = cursor.fetchall()[:requests]
    return [
        Call("POST", _PATHS["drawdown"], tokens[customer_id], body, uuid.uuid4().hex)
        for customer_id, body in rows
    ]


def _borrower(number: int, *, at: Any) -> tuple[int, str]:
    """Make a customer with a score, a line, a card and a login; return id and token."""
    device = logins.DeviceReport(f"device-{number}", "Pixel", "android", "16", False, False)
    arrival = logins.Arrival(f"bench-{number}", None, device, None)
    issued = logins.log_in(arrival, at=at - _AGO, wall_at=at)
    # Used in the future: no request notes its use beside what it is for.
    issued.session.used_at = at + timedelta(hours=1)
    issued.session.save(update_fields=["used_at"])
    customer = issued.session.account.customer
    Customer.objects.filter(pk=customer.pk).update(
        name="张三", id_number=f"11010119900307{number:04}"
    )
    with transaction.atomic(), workflow.importing():
        BankCard.objects.create(
            customer=customer, state="active", number=f"621700001000{number:07}",
            number_blind=number.to_bytes(16, "big"), last_four=f"{number:04}", bank="建设银行",
            account=f"acct-{number}", account_class="I", is_default=True, bound_at=at - _AGO,
        )  # fmt: skip
        line = CreditLine.objects.create(
            customer=customer, limit_fen=30_000_000, buffer_permille=150,
            opened_on=(at - _AGO).date(),
        )  # fmt: skip
        imported = ImportedLine(customer.pk, line.pk, line.limit_fen, "")
        record_import([imported], by="system:import", on=line.opened_on, at=at - _AGO)
        Assessment.objects.create(
            customer=customer, state="approved", requested_at=at - _AGO, due_at=at, inputs={},
            policies={}, result={"failed_gates": []}, scored_at=at - _AGO, score=760,
            limit_fen=30_000_000, decided_at=at - _AGO, decided_by="bench",
        )  # fmt: skip
    return customer.pk, issued.token


def _confirm_one(customer: Customer, *, at: Any) -> None:
    """Let a customer confirm a cost sheet, which is the one of everybody."""

    def context(seconds: int) -> contexts.RequestContext:
        moment = at - timedelta(minutes=1) + timedelta(seconds=seconds)
        return contexts.begin(customer, by=f"customer:{customer.pk}", at=moment, wall_at=moment)

    request = offers.DrawdownRequest(AMOUNT_FEN, Plan.BULLET)
    quote = offers.offer(request, context=context(0))
    quotes.show(quote.public_id, context=context(0))
    quotes.confirm(quote.public_id, seconds_read=30, context=context(30))


def _sheets() -> str:
    """Return the statement that gives every customer so many of the one cost sheet."""
    own = {"id", "public_id", "customer_id", "expires_at"}
    same = [f.column for f in Quote._meta.concrete_fields if f.column not in own]
    columns = ", ".join(same)
    return (
        f"INSERT INTO loans_quote (public_id, customer_id, expires_at, {columns}) "  # nosec B608
        f"SELECT gen_random_uuid(), customer.id, %(expires_at)s, {columns} FROM "
        f"(SELECT {columns} FROM loans_quote) AS sheet, "
        "(SELECT id FROM accounts_customer ORDER BY id) AS customer, "
        "generate_series(1, %(each)s)"
    )


_GRANTS = """
    INSERT INTO accounts_authorisation
        (public_id, customer_id, session_id, purpose, amount_fen, given_at, expires_at)
    SELECT gen_random_uuid(), quote.customer_id, session.id, 'drawdown', quote.amount_fen,
        %(at)s, %(expires_at)s
    FROM loans_quote AS quote
    JOIN accounts_wechataccount AS account ON account.customer_id = quote.customer_id
    JOIN accounts_loginsession AS session ON session.account_id = account.id
"""
# One request a sheet, with one grant, in turns of the customers.
_GIVEN = """
    SELECT customer_id, json_build_object('quote_id', quote.public_id, 'card_id', card.public_id,
        'authorisation_id', granted.public_id, 'purpose', 'daily')::text
    FROM (
        SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY id) AS number
        FROM loans_quote WHERE state = 'confirmed'
    ) AS quote
    JOIN (
        SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY id) AS number
        FROM accounts_authorisation
    ) AS granted USING (customer_id, number)
    JOIN accounts_bankcard AS card USING (customer_id)
    ORDER BY quote.number, customer_id
"""


def record(given: Path, file: Path) -> dict[str, int]:
    """Send the requests in this process and record what each sends; return its statements."""
    client, requests, most = Client(HTTP_HOST="127.0.0.1"), {}, 0
    for line in given.read_text().splitlines():
        token, key, body = line.split("\t")
        with recorded.recording() as statements:
            answer = client.post(
                _PATHS["drawdown"], body, content_type="application/json",
                HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_IDEMPOTENCY_KEY=key,
            )  # fmt: skip
        assert answer.status_code == 201, answer.content
        requests[key] = Recorded(statements, answer.status_code, answer.content)
        most = sum(one.text != recorded.COMMIT for one in statements)
    recorded.store(requests, file)
    return {"statements": most}


def table(one: Drawn) -> Table:
    """Return the figures for people."""
    title = (
        f"{one.requests:,} drawdowns under {endpoints.CLIENTS} clients, {one.statements} statements"
    )
    shown = Table("", "median", "least", "most", title=title, box=box.SIMPLE_HEAD)
    for name, figures in (("CPU ms", one.cpu), ("CPU ms of the web", one.web), ("p99 ms", one.p99)):
        for variant, figure in figures.items():
            shown.add_row(f"{variant}, {name}", *(f"{value:,.2f}" for value in figure))
    missed = "" if one.ratio.median <= RATIO_MOST else ", missed"
    bound = f"drawdown / bare (≤ {RATIO_MOST:g}{missed})"
    shown.add_row(bound, *(f"{value:,.2f}" for value in one.ratio))
    return shown
