"""The daily job of inputs: it reads touched lines only, and runs before the limits walk."""

from datetime import timedelta

from accounts.models import AssetProof
from accounts.proofs.operations import reviews
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.core.clock import day_of
from backoffice.platform import jobs
from risk.models import CreditLine, ModelInputs, PaymentMonth
from tests.accounts.people import AT
from tests.loans.days import work
from tests.risk.decisions.conftest import People
from tests.risk.lines.making import granted

ON = day_of(AT)


def test_the_inputs_come_before_the_limits(db):
    names = [job.name for job in jobs.in_order(on=ON)]

    assert names.index("00:08") + 1 == names.index("00:10")


def test_a_day_reads_the_lines_of_customers_with_new_facts(committed_db, bureau):
    People().assessed("average-1", bureau=bureau)
    granted()

    run = work("00:08", ON + timedelta(days=1))

    assert (run.planned, run.done) == (1, 1)
    assert PaymentMonth.objects.exists()


def test_a_proof_that_expires_falls_on_its_day(committed_db, bureau):
    People().assessed("average-1", bureau=bureau)
    customer = CreditLine.objects.get().customer
    deed = AssetProof.objects.create(
        customer=customer, kind="house", content_type="image/png", size=1, digest=b"x" * 32,
        uploaded_at=AT, asset_number="1", asset_blind=b"a" * 16,
    )  # fmt: skip
    found = [ProofFinding(deed.pk, ProofVerdict.ACCEPTED)]
    reviews.review(found, by="li", reason="seen it", at=AT, on=ON)

    work("00:08", ON + timedelta(days=364))
    assert ModelInputs.objects.latest("pk").assets != []
    work("00:08", ON + timedelta(days=365))

    assert ModelInputs.objects.latest("pk").assets == []
