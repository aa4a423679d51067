"""Appeals as customers make them: after the report, once, with materials or without (FAQ-8)."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.models import AssetProof
from backoffice.core.models import StateChange, WorkItem
from risk.appeals.operations import filing, reviewing
from risk.appeals.operations.filing import Objection
from risk.appeals.rules.deadlines import Contested
from risk.decisions.operations import reports, requests
from risk.models import Appeal, AppealMaterial
from tests.accounts.people import AT
from tests.policies import put_in_force
from tests.raw import execute
from tests.raw import refused as refused_by
from tests.risk.appeals.conftest import (
    LATER,
    WHY,
    added,
    opened,
    proof_of,
    request_by,
    reread,
    submitted,
    taken,
    withdrawn,
)
from tests.risk.decisions.conftest import decide

pytestmark = pytest.mark.django_db


def open_by(customer, contested=Contested.REFUSAL, *, at=AT):
    return filing.open_appeal(Objection(contested, WHY), context=request_by(customer, at=at))


def test_an_appeal_contests_the_latest_decision(refused):
    appeal = opened(refused)

    found = Appeal.objects.get()
    assert (found.state, found.kind, found.assessment_id) == ("draft", "refusal", refused.pk)
    assert (found.report_viewed_at, found.opened_at, found.due_at) == (AT, AT, None)
    assert found.statement == WHY
    [stored] = execute("SELECT statement FROM risk_appeal WHERE id = %s", appeal.pk)
    assert WHY.encode() not in bytes(stored[0])


def test_the_report_is_read_first(refused):
    with pytest.raises(filing.ReportNotViewedError):
        open_by(refused.customer)

    assert not Appeal.objects.exists()
    reports.view(refused.customer_id, at=AT)
    assert open_by(refused.customer).state == "draft"


def test_without_a_decision_there_is_nothing_to_contest(people, bureau):
    customer = people.ready()

    with pytest.raises(filing.NothingDecidedError):
        open_by(customer)


def test_an_open_assessment_is_decided_first(people):
    asked = people.requested()

    with pytest.raises(requests.AssessmentOpenError):
        open_by(asked.customer)


def test_an_open_human_review_is_decided_first(refused):
    reports.view(refused.customer_id, at=AT)
    requests.human_review(refused.public_id, context=request_by(refused.customer))

    with pytest.raises(requests.AssessmentOpenError):
        open_by(refused.customer)


def test_one_appeal_is_open_at_a_time(refused):
    first = opened(refused)

    with pytest.raises(filing.AppealOpenError) as error:
        open_by(refused.customer)

    assert error.value.facts == {"appeal": str(first.public_id)}
    assert Appeal.objects.count() == 1


def test_a_decision_is_contested_once(in_review, refused, staff):
    reviewing.reject(in_review.pk, answer="No.", by=staff.one, reason="no proof", at=AT)

    with pytest.raises(filing.ContestedBeforeError):
        open_by(refused.customer)


def test_the_database_holds_one_appeal_for_each_decision(refused):
    opened(refused)

    with refused_by("risk_appeal_assessment_id_key", "risk_appeal"):
        Appeal.objects.create(
            customer=refused.customer, assessment=refused, kind="refusal", statement="again",
            opened_at=AT, report_viewed_at=AT,
        )  # fmt: skip


@pytest.mark.parametrize(("days", "is_late"), [(60, False), (61, True)])
def test_a_decision_may_be_contested_for_sixty_days(refused, days, is_late):
    reports.view(refused.customer_id, at=AT)
    at = AT + timedelta(days=days)
    if not is_late:
        assert open_by(refused.customer, at=at).state == "draft"
        return

    with pytest.raises(filing.AppealTooLateError) as error:
        open_by(refused.customer, at=at)

    assert error.value.facts == {"until_at": (AT + timedelta(days=60)).isoformat()}


def test_what_is_contested_fits_the_decision(refused, people, bureau):
    approved = people.assessed("strong-2", bureau=bureau)
    for one in (refused, approved):
        reports.view(one.customer_id, at=AT)

    with pytest.raises(filing.AppealKindError):
        open_by(refused.customer, Contested.LIMIT)
    with pytest.raises(filing.AppealKindError):
        open_by(approved.customer, Contested.REFUSAL)

    assert open_by(approved.customer, Contested.LIMIT).state == "draft"
    assert open_by(refused.customer, Contested.BUREAU).state == "draft"


def test_the_first_material_moves_the_appeal(refused):
    appeal = opened(refused)
    proof = proof_of(refused.customer)

    added(appeal, proof=proof)
    added(appeal, text="The slip of October follows.")

    assert reread(appeal).state == "proof"
    first, second = AppealMaterial.objects.order_by("pk")
    assert (first.proof_id, first.proof_kind, first.text) == (proof.public_id, "income", None)
    assert (second.proof_id, second.text) == (None, "The slip of October follows.")
    collected = StateChange.objects.filter(subject_type="risk.appeal", transition="collect")
    assert [one.target for one in collected.order_by("pk")] == ["proof", ""]


def test_a_proof_is_added_once_and_is_the_customers_own(refused, people):
    appeal = opened(refused)
    proof = proof_of(refused.customer)
    added(appeal, proof=proof)

    with pytest.raises(filing.MaterialKnownError):
        added(appeal, proof=proof)
    with pytest.raises(AssetProof.DoesNotExist):
        added(appeal, proof=proof_of(people.ready("average-2")))

    assert AppealMaterial.objects.count() == 1


def test_an_appeal_of_somebody_else_is_not_found(refused, people):
    appeal = opened(refused)
    other = request_by(people.ready("average-2"))

    with pytest.raises(Appeal.DoesNotExist):
        filing.submit(appeal.public_id, context=other)
    with pytest.raises(Appeal.DoesNotExist):
        filing.submit(uuid4(), context=other)


def test_materials_have_a_maximum(refused):
    put_in_force("appeals", {"materials_max": 1}, on=AT.date())
    appeal = opened(refused)
    added(appeal, text="one")

    with pytest.raises(filing.TooManyMaterialsError):
        added(appeal, text="two")

    assert AppealMaterial.objects.count() == 1


@pytest.mark.parametrize(("contested", "days"), [(Contested.REFUSAL, 15), (Contested.BUREAU, 20)])
def test_a_submitted_appeal_waits_in_the_queue_until_its_deadline(refused, contested, days):
    appeal = submitted(opened(refused, contested), at=LATER)

    due_at = LATER + timedelta(days=days)
    assert (appeal.state, appeal.submitted_at, appeal.due_at) == ("submitted", LATER, due_at)
    item = WorkItem.objects.get(queue="appeal")
    assert (item.subject_id, item.deadline_at) == (appeal.pk, due_at)


def test_nothing_is_added_while_the_staff_has_it(refused):
    appeal = submitted(opened(refused))

    with pytest.raises(filing.NotWritableError):
        added(appeal, text="more")
    with pytest.raises(filing.NotWritableError):
        submitted(appeal)

    assert not AppealMaterial.objects.exists()
    with refused_by("appeal_material_while_prepared", "risk_appealmaterial"):
        AppealMaterial.objects.create(
            customer=refused.customer, appeal=appeal, text="more", added_at=AT
        )


def test_the_deadline_moves_on_by_the_customers_time(in_review, staff):
    asked_at = AT + timedelta(days=3)
    reviewing.ask_for_more(in_review.pk, question="October too?", by=staff.one, at=asked_at)
    added(in_review, text="Here it is.", at=asked_at + timedelta(days=4))

    again = submitted(in_review, at=asked_at + timedelta(days=4))

    assert (again.submitted_at, again.asked_at) == (AT, None)
    assert again.due_at == AT + timedelta(days=15 + 4)
    item = WorkItem.objects.get(queue="appeal", state="waiting")
    assert item.deadline_at == again.due_at


def test_no_other_decision_is_requested_while_the_staff_has_it(refused):
    put_in_force("assessments", {"again_after_refusal_days": 0}, on=AT.date())
    submitted(opened(refused))

    with pytest.raises(requests.AppealUnderReviewError):
        requests.request(request_by(refused.customer, at=LATER))
    with pytest.raises(requests.AppealUnderReviewError):
        requests.human_review(refused.public_id, context=request_by(refused.customer))


def test_a_later_decision_takes_the_place_of_a_prepared_appeal(refused, bureau):
    put_in_force("assessments", {"again_after_refusal_days": 0}, on=AT.date())
    prepared = opened(refused)
    asked = requests.request(request_by(refused.customer, at=LATER))
    with pytest.raises(requests.AssessmentOpenError):
        submitted(prepared, at=LATER)
    decided = decide(asked, bureau=bureau, at=LATER)

    with pytest.raises(filing.SupersededError):
        submitted(prepared, at=LATER)
    newer = opened(decided, at=LATER)

    assert (reread(prepared).state, reread(prepared).outcome) == ("closed", "withdrawn")
    assert (newer.state, newer.assessment_id) == ("draft", decided.pk)


def test_what_was_asked_is_never_changed(refused):
    opened(refused)

    with refused_by("appeal_fixed_once", "risk_appeal"):
        execute("UPDATE risk_appeal SET kind = 'bureau'")


def test_a_taken_appeal_takes_no_material_in_the_database_either(refused, staff):
    appeal = taken(submitted(opened(refused)), staff.one)

    with refused_by("risk_appeal_state_machine", "risk_appeal"):
        execute("UPDATE risk_appeal SET state = 'draft' WHERE id = %s", appeal.pk)


@pytest.mark.parametrize("way", ["draft", "submitted", "in_review"])
def test_an_open_appeal_is_withdrawn_for_good(refused, staff, way):
    appeal = opened(refused)
    if way != "draft":
        submitted(appeal)
    if way == "in_review":
        taken(appeal, staff.one)

    withdrawn(appeal, at=LATER)

    found = reread(appeal)
    assert (found.state, found.outcome, found.closed_at) == ("closed", "withdrawn", LATER)
    assert StateChange.objects.latest("pk").reason == "appeal-withdrawn"
    assert not WorkItem.objects.filter(queue="appeal").exclude(state="done").exists()
    with pytest.raises(filing.ContestedBeforeError):
        opened(refused, at=LATER)


def test_what_is_decided_is_not_withdrawn(in_review, staff):
    reviewing.reject(in_review.pk, answer="No.", by=staff.one, reason="no proof", at=AT)

    with pytest.raises(filing.AppealEndedError):
        withdrawn(in_review, at=LATER)

    assert reread(in_review).outcome == "rejected"


def test_only_ones_own_appeal_is_withdrawn(in_review, people):
    other = request_by(people.ready("strong-2"))

    with pytest.raises(Appeal.DoesNotExist):
        filing.withdraw(in_review.public_id, context=other)

    assert reread(in_review).state == "in_review"
