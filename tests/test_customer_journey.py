"""The shell blocks of docs/customer-journey.md, run as they stand there, against a sandbox."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from tests.launcher import built
from tests.source_tree import ROOT

PAGE = ROOT / "docs" / "customer-journey.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS_MAX = 900
OUTCOME = "send $api/appeals/$appeal\n"
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the launcher's tests are Linux's"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here"),
]


# What the page says in words before the outcome of the appeal: credit proposes, a manager approves.
STAFF = """
from accounts.models import Staff
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.core import clock
from backoffice.platform import approvals
from risk.appeals import queries
from risk.appeals.operations import reviewing, upholding
from risk.models import Appeal

at, appeal = clock.now(), Appeal.objects.get()
credit, manager = (Staff.objects.get(username=name) for name in ("credit", "manager"))
reviewing.take(appeal.pk, by=credit, at=at)
[proof] = queries.proofs_of(appeal).values()
found = [ProofFinding(proof.pk, ProofVerdict.ACCEPTED, monthly_income_fen=800_000)]
asked = upholding.Upholding(appeal.pk, 500_000, found)
made = upholding.propose(asked, by=credit, reason="the slip shows it", at=at, on=clock.day_of(at))
approvals.approve([made.pk], by=manager, reason="agreed", at=at)
"""


def script(address):
    """Return the blocks in their order with the address of the start; the staff before the outcome.

    The first command that fails ends the page.
    """
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 13
    [outcome] = [number for number, one in enumerate(blocks) if one.startswith(OUTCOME)]
    logins = ".venv/bin/python manage.py demo --no-book > /dev/null\n"
    staff = f".venv/bin/python manage.py shell --verbosity 0 <<'EOF'\n{STAFF}\nEOF\n"
    whole = "".join((*blocks[:outcome], logins, staff, *blocks[outcome:]))
    return "set -e -o pipefail\n" + whole.replace("http://127.0.0.1:8000", address)


def replies(output):
    return [json.loads(line) for line in output.splitlines() if line.startswith(("{", "["))]


@pytest.fixture(scope="module")
def walked():
    """Walk the page; return its output and its replies."""
    with built() as checkout, checkout.starts() as start:
        done = subprocess.run(
            ["bash", "-c", script(f"http://127.0.0.1:{start.port}")],
            capture_output=True, text=True, timeout=SECONDS_MAX, check=False,
            **checkout.options({}),
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, replies(done.stdout)


def steps(reply):
    return {one["step"]: (one["state"], one["decision"]) for one in reply["next_steps"]}


def test_every_figure_of_the_page_is_printed_in_its_place(walked):
    output, _found = walked
    expected = re.findall(r"^# (=> .*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert [line for line in output.splitlines() if line.startswith("=>")] == expected


def test_the_page_leads_from_the_login_to_the_line(walked):
    _output, found = walked
    me = [one for one in found if "cooling_off_until" in one]
    codes = [one["code"] for one in found if "request_id" in one and "status" in one]

    assert codes == ["cooling-off", "temporary-limit-bills", "appeal-report-not-viewed"]
    assert [one["state"] for one in me] == ["registered", *["ready"] * 5]
    assert steps(me[1])["assessment"] == ("next", None)
    assert steps(me[2])["assessment"] == ("done", "approved")
    assert steps(me[2])["line"] == ("next", None)
    assert steps(me[3])["assessment"] == ("waiting", None)


def test_the_page_shows_the_report_and_the_line(walked):
    _output, found = walked
    line = next(one for one in found if "usable_fen" in one)
    report = next(one for one in found if one.get("explanation"))
    [preview] = [one for one in found if "score_without" in one]

    assert line["limit_fen"] == report["limit_fen"] > 0
    assert line["usable_fen"] == line["limit_fen"] * 85 // 100
    assert preview["score"] == report["score"]
    assert line["why"]


def test_the_page_leads_from_a_refusal_to_a_limit(walked):
    _output, found = walked
    *_, waiting, done = [one for one in found if "cooling_off_until" in one]
    *_, upheld = [one for one in found if "statement" in one]
    _first, line = [one for one in found if "usable_fen" in one]

    assert steps(waiting)["assessment"] == ("done", "refused")
    assert steps(waiting)["appeal"] == ("waiting", None)
    assert (upheld["state"], upheld["outcome"]) == ("upheld", "upheld")
    assert line["limit_fen"] == upheld["new_limit_fen"] == 500_000
    assert steps(done)["assessment"] == ("done", "approved")
