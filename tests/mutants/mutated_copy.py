"""The copy of the project in which mutmut writes its mutants, and what became of each."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from mutmut.__main__ import create_mutants
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, walk_mutatable_files

COPY = Path("mutants")


def write(*, children: int) -> None:
    """Write the copy and every mutant of the rules; with results of an earlier run, keep those."""
    COPY.mkdir(exist_ok=True)
    with redirect_stdout(StringIO()):  # mutmut prints every path
        copy_src_dir()
        copy_also_copy_files()
        create_mutants(children)


def clear() -> None:
    """Remove the copy: a verdict holds only for the tests that gave it."""
    shutil.rmtree(COPY, ignore_errors=True)


def verdicts() -> dict[str, str | None]:
    """Return what became of each mutant, by its name; None of those that were not tried."""
    found: dict[str, str | None] = {}
    for path in walk_mutatable_files():
        meta = COPY / f"{path}.meta"
        if not meta.exists():  # a module that was added while mutants were tried
            continue
        codes = json.loads(meta.read_text())["exit_code_by_key"]
        found |= {
            name: None if code is None else status_by_exit_code[code]
            for name, code in codes.items()
        }
    return found


def run(mutants: Sequence[str], *, children: int) -> int:
    """Let mutmut try these mutants; return its exit code."""
    command = ["mutmut", "run", "--max-children", str(children), *mutants]
    brief = os.environ | {"WEIDAI_TEST_PROFILE": "brief"}
    return subprocess.run(command, env=brief, check=False).returncode


def diff(mutant: str) -> str:
    """Return what the mutant changes, as a unified diff of its function."""
    return get_diff_for_mutant(mutant)
