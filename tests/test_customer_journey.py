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
SECONDS_MAX = 240
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the launcher's tests are Linux's"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here"),
]


def script(address):
    """Return the blocks in their order, with the address of the start."""
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 4
    return "".join(blocks).replace("http://127.0.0.1:8000", address)


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


def test_the_page_leads_from_the_login_to_the_line(walked):
    output, found = walked
    me = [one for one in found if "cooling_off_until" in one]
    codes = [one["code"] for one in found if "request_id" in one and "status" in one]

    assert codes == ["cooling-off", "temporary-limit-bills"]
    assert [one["state"] for one in me] == ["registered", "ready", "ready", "ready"]
    assert steps(me[1])["assessment"] == ("next", None)
    assert "decided: approved" in output
    assert steps(me[2])["assessment"] == ("done", "approved")
    assert steps(me[2])["line"] == ("next", None)
    assert steps(me[3])["assessment"] == ("waiting", None)


def test_the_page_shows_the_report_and_the_line(walked):
    _output, found = walked
    [line] = [one for one in found if "usable_fen" in one]
    [report] = [one for one in found if one.get("explanation")]
    [preview] = [one for one in found if "score_without" in one]

    assert line["limit_fen"] == report["limit_fen"] > 0
    assert line["usable_fen"] == line["limit_fen"] * 85 // 100
    assert preview["score"] == report["score"]
    assert line["why"]
