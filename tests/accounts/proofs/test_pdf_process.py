"""PDFs are rewritten apart from the web, within a budget."""

import subprocess

import pytest

from accounts.proofs import pdf_process
from accounts.proofs.pdf_process import PdfBudget, PdfProcessesBusy, rewrite_apart
from accounts.proofs.rules.pdfs import BadPdf, PdfFault
from tests.accounts.uploads import ACTIVE_PDF, PDF, pdf_of


def test_a_pdf_is_written_again():
    assert rewrite_apart(PDF + b"\0" * 2048) == PDF


@pytest.mark.parametrize(
    ("data", "fault"), [(ACTIVE_PDF, PdfFault.ACTIVE), (b"%PDF-1.7", PdfFault.BROKEN)]
)
def test_a_fault_is_that_of_the_rule(data, fault):
    with pytest.raises(BadPdf) as bad:
        rewrite_apart(data)

    assert bad.value.fault is fault


@pytest.mark.parametrize(
    "budget",
    [
        PdfBudget(seconds_max=0.01),
        PdfBudget(cpu_seconds_max=0),
        PdfBudget(memory_bytes_max=20_000_000),
    ],
)
def test_what_exceeds_the_budget_is_ended_and_refused(budget):
    with pytest.raises(BadPdf) as bad:
        rewrite_apart(pdf_of(5_000_000), budget=budget)

    assert bad.value.fault is PdfFault.TOO_LARGE
    assert rewrite_apart(PDF) == PDF


def test_a_process_that_dies_is_a_refusal(monkeypatch):
    killed = subprocess.CompletedProcess([], -11, b"half a file")
    monkeypatch.setattr(pdf_process.subprocess, "run", lambda *_given, **_other: killed)

    with pytest.raises(BadPdf) as bad:
        rewrite_apart(PDF)

    assert bad.value.fault is PdfFault.TOO_LARGE


def test_the_process_has_no_settings(monkeypatch):
    given = {}

    def run(_command, **other):
        given.update(other)
        return subprocess.CompletedProcess([], 0, PDF)

    monkeypatch.setattr(pdf_process.subprocess, "run", run)
    rewrite_apart(PDF)

    assert (given["env"], given["input"]) == ({}, PDF)


def test_no_more_run_at_a_time_than_allowed(monkeypatch):
    monkeypatch.setattr(pdf_process, "WAIT_SECONDS_MAX", 0.01)
    begun = []

    def run(*_given, **_other):
        begun.append(1)
        if len(begun) <= pdf_process.AT_ONCE_MAX:
            return subprocess.CompletedProcess([], 0, rewrite_apart(PDF))
        raise AssertionError

    monkeypatch.setattr(pdf_process.subprocess, "run", run)

    with pytest.raises(PdfProcessesBusy):
        rewrite_apart(PDF)

    assert len(begun) == pdf_process.AT_ONCE_MAX
    monkeypatch.undo()
    assert rewrite_apart(PDF) == PDF
