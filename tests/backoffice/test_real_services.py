"""The 9:00 of a whole portfolio on Debian's PostgreSQL and RabbitMQ, set up as the README says.

The broker is stopped while the run is under way, with a chunk still waiting in its queue, and
started again with what it kept on its disk.
"""

import json
import os
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
import pytest

from backoffice.core.clock import SHANGHAI
from loans.migration.operations.demo import PORTFOLIO
from tests import real_services
from tests.launcher import until
from tests.real_services import Deployment, Readme, postgresql, rabbitmq, require_packages
from tests.sandbox import ENVIRONMENT, BankProcess

# A chunk takes 20 seconds, in five requests. Four begin at once and the broker is lost meanwhile;
# the fifth waits in its queue, and is under way when the second worker comes.
RULES = [
    {"action": "late", "seconds": 4, "times": 5 * 5_000},
    {"action": "refuse", "code": "BANKERROR", "share_permille": 20},
]
TICK_SECONDS_MAX = 80
OUTAGE_SECONDS = 2
RUN_SECONDS_MAX = 150


@pytest.fixture
def packages():
    require_packages()


@pytest.fixture
def bank(tmp_path):
    with BankProcess(tmp_path, RULES) as bank:
        yield bank


@pytest.fixture
def readme():
    return Readme()


@pytest.fixture
def broker(packages, readme):
    with rabbitmq(readme) as broker:
        yield broker


@pytest.fixture
def database(packages, readme):
    with postgresql(readme) as server:
        yield server


@pytest.fixture
def deployment(tmp_path, readme, broker, database, bank):
    urls = {
        "DATABASE_URL": readme.url("DATABASE_URL", port=database.port),
        "DATABASE_OWNER_URL": readme.url("DATABASE_OWNER_URL", port=database.port),
        "CELERY_BROKER_URL": readme.url("CELERY_BROKER_URL", port=broker.port),
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env = kept | ENVIRONMENT | urls | {"CHANNEL_URL": bank.url, "LANGUAGE_CODE": "en"}
    deployment = Deployment(readme, env, tmp_path)
    yield deployment
    deployment.stop()


@contextmanager
def served(deployment):
    """What the serving role reads."""
    with psycopg.connect(deployment.env["DATABASE_URL"], autocommit=True) as connection:
        yield lambda query: connection.execute(query).fetchall()


# Of the day that the test works on; the 9:00 of the day before had no portfolio yet.
RUN = (
    "SELECT planned, done, failed, unknown FROM backoffice_jobrun WHERE job = '09:00'"
    " ORDER BY business_date DESC LIMIT 1"
)
OPEN_CHUNKS = (
    "SELECT count(*) FROM backoffice_jobchunk c JOIN backoffice_jobrun r ON r.id = c.run_id"
    " WHERE r.job = '09:00' AND c.done_at IS NULL"
)
PLANNED = (
    "SELECT unnest(c.ids) FROM backoffice_jobchunk c JOIN backoffice_jobrun r ON r.id = c.run_id"
    " WHERE r.job = '09:00'"
)
FAILURES = "SELECT sum(refusals), sum(tries) FROM loans_bill"
ORDERS = (
    "SELECT o.number, c.account, o.amount_fen, o.taken_fen FROM loans_debitorder o"
    " JOIN accounts_bankcard c ON c.id = o.card_id"
)
# Each time the bank was asked, with what it took then.
ASKED = "SELECT number, account, asked_fen, executed * asked_fen FROM attempts"
RIGHTS = """
    SELECT current_user, has_schema_privilege('public', 'CREATE'),
           (SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole),
           has_table_privilege('loans_transfer', 'INSERT'),
           has_table_privilege('loans_transfer', 'UPDATE, DELETE, TRUNCATE')
"""


def differing(ours, theirs):
    """Return rows that are not on both sides, or not as often; a few of them are enough."""
    ours, theirs = Counter(ours), Counter(theirs)
    return list((ours - theirs) + (theirs - ours))[:10]


def is_ready(deployment):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{deployment.port}/readyz") as reply:
            return json.load(reply) == {"ready": True, "failing": {}, "warnings": []}
    except OSError:
        return False


def brought_to_nine(deployment):
    """Set everything up as the README does; return how the debits of the day must end."""
    deployment.manage("check", "--deploy")
    deployment.manage("migrate", "-v0")
    tomorrow = datetime.now(tz=SHANGHAI).date() + timedelta(days=1)
    deployment.manage("clock", "set", f"{tomorrow}T00:01")
    expected = json.loads(deployment.manage("import_clients", str(PORTFOLIO), "--json"))
    deployment.manage("clock", "set", f"{tomorrow}T08:59:58")
    deployment.start("backoffice.web.server")
    assert until(lambda: is_ready(deployment))
    return expected["orders_expected"]


def lose_the_broker(deployment, broker, bank, query):
    """Stop it once the bank has executed a debit; start it, and a second worker, before the end."""
    assert until(lambda: bank.query_store("SELECT 1 FROM orders LIMIT 1"), TICK_SECONDS_MAX)
    broker.stop()
    assert is_ready(deployment)
    time.sleep(OUTAGE_SECONDS)
    broker.start()
    assert query(OPEN_CHUNKS) > [(0,)]
    # The broker sends again what was not acknowledged: children that are free get chunks that the
    # first worker still works on.
    deployment.start("worker")


def test_nine_oclock_with_the_broker_lost_asks_for_each_bill_once(deployment, broker, bank):
    deployment.start("beat")  # its first tick comes after a minute
    expected = brought_to_nine(deployment)
    with served(deployment) as query:
        assert query(RIGHTS) == [("weidai_app", False, 0, True, False)]
        worker = deployment.start("worker")

        lose_the_broker(deployment, broker, bank, query)

        assert until(lambda: query(OPEN_CHUNKS) == [(0,)], RUN_SECONDS_MAX), worker.last_output()
        assert "Connection to broker lost" in worker.log.read_text()

        outcomes = dict(bank.query_store("SELECT code, count(*) FROM attempts GROUP BY code"))
        paid, refused, technical = outcomes["SUCCESS"], outcomes["NOTENOUGH"], outcomes["BANKERROR"]
        assert outcomes.keys() == {"SUCCESS", "NOTENOUGH", "BANKERROR"}
        assert paid + refused + technical == sum(expected.values())
        assert query(RUN) == [(sum(expected.values()), paid, refused + technical, 0)]
        assert query(FAILURES) == [(refused, technical)]
        assert differing(query(PLANNED), query("SELECT bill_id FROM loans_debitorder")) == []
        assert differing(query(ORDERS), bank.query_store(ASKED)) == []
    result = json.loads(deployment.manage("reconcile", "--json"))
    assert (result["differences"], len(result["days"])) == ([], 1)
    assert "Unrecoverable error" not in worker.log.read_text()
    assert [child.process.poll() for child in deployment.children] == [None] * 4


@pytest.mark.parametrize(
    ("required", "outcome"), [("", pytest.skip.Exception), ("required", pytest.fail.Exception)]
)
def test_without_the_packages_it_is_skipped_with_the_remedy_unless_required(
    tmp_path, monkeypatch, required, outcome
):
    monkeypatch.setattr(real_services, "POSTGRESQL", tmp_path)
    monkeypatch.setenv("WEIDAI_REAL_SERVICES", required)

    with pytest.raises(outcome, match=r"apt-get install .* postgresql rabbitmq-server"):
        require_packages()


def test_a_release_before_15_is_not_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(real_services, "POSTGRESQL", tmp_path)
    for version in ("14", "15", "17"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "initdb").touch()

    assert real_services.postgresql_programs() == tmp_path / "15" / "bin"
