"""Appeals, proofs and a limit cut of the demo: one of each state, for the staff to work on.

The customers are those of ``demo_customers``. Everything goes the way of every customer and
reviewer.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageDraw

from accounts.models import AssetProof, Staff
from accounts.onboarding.context import RequestContext
from accounts.proofs.operations import proofs
from accounts.proofs.operations import reviews as proof_reviews
from accounts.proofs.operations.proofs import Upload
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.core.clock import day_of, moment_of
from backoffice.platform import approvals
from risk.appeals import queries
from risk.appeals.operations import closing, filing, reviewing, upholding
from risk.appeals.operations.filing import Material, Objection
from risk.appeals.operations.upholding import Upholding
from risk.appeals.rules.deadlines import Contested
from risk.appeals.rules.reasons import AppealActor
from risk.decisions.operations import inputs, reports
from risk.facts.operations import events
from risk.lines.operations import cut_reviews
from risk.lines.rules.reasons import LineActor
from risk.models import Appeal, AppealState, CreditLine, LimitChange

PARTNER = "sandbox"
SIZE = (600, 400)  # of the picture of a proof, in pixels
CUT = "average-12"  # the limit falls, and a person is asked why
LOWER_INCOME_FEN = 600_000  # a month; 9,000.00 were the inflow
RAISED_INCOME_FEN = 800_000  # what the pay slip of the upheld appeal shows
_REASON = "demo"


class DemoAppeal(NamedTuple):
    """What a customer contests, and the state in which the appeal is left."""

    state: AppealState
    contested: Contested
    has_proof: bool = False


# By openid; what was decided on each is no other part of the demo.
APPEALS: Mapping[str, DemoAppeal] = {
    "overdue90-11": DemoAppeal(AppealState.DRAFT, Contested.REFUSAL),
    "average-11": DemoAppeal(AppealState.PROOF, Contested.LIMIT, has_proof=True),
    "nightgambler-9": DemoAppeal(AppealState.SUBMITTED, Contested.LIMIT, has_proof=True),
    "freelancer-9": DemoAppeal(AppealState.IN_REVIEW, Contested.LIMIT, has_proof=True),
    "withdrawn-9": DemoAppeal(AppealState.MORE_INFO, Contested.LIMIT, has_proof=True),
    "thin-9": DemoAppeal(AppealState.UPHELD, Contested.LIMIT, has_proof=True),
    "overdue90-9": DemoAppeal(AppealState.REJECTED, Contested.BUREAU),
    "overdue90-12": DemoAppeal(AppealState.CLOSED, Contested.REFUSAL),
}
UNREADABLE = "freelancer-9"  # whose proof a person has refused
STATEMENTS = {
    Contested.REFUSAL: "逾期已于三个月前全部结清，申请重新评估。",
    Contested.LIMIT: "工资九月上调，附工资单。",
    Contested.BUREAU: "征信报告中的逾期记录有误。",
}
_QUESTION = "请补充十月的工资单。"
_ANSWER = "征信报告显示近24个月内存在超过90天的逾期，维持原决定。"


def show_appeals(made: Mapping[str, RequestContext], *, at: datetime) -> None:
    """Let customers contest their decisions and ask about a cut; credit and manager do a part."""
    for openid, plan in APPEALS.items():
        _appeal(openid, plan, made[openid], at=at)
    closing.sweep(by=AppealActor.APPEALS, at=at)  # closes the one whose outcome was read
    _cut(made[CUT], at=at)


def _appeal(openid: str, plan: DemoAppeal, context: RequestContext, *, at: datetime) -> None:
    """Take an appeal as far as its state."""
    reports.view(context.customer.pk, at=at)
    objection = Objection(plan.contested, STATEMENTS[plan.contested])
    appeal = filing.open_appeal(objection, context=context)
    if plan.has_proof:
        upload = Upload("income", pay_slip(openid))
        proof = proofs.receive(context, upload=upload).proof
        filing.add_material(appeal.public_id, material=Material(proof.public_id), context=context)
        if openid == UNREADABLE:
            _refuse(proof, at=at)
    if plan.state in (AppealState.DRAFT, AppealState.PROOF):
        return
    filing.submit(appeal.public_id, context=context)
    if plan.state is not AppealState.SUBMITTED:
        _review(appeal, plan.state, at=at)


def _review(appeal: Appeal, state: AppealState, *, at: datetime) -> None:
    credit = Staff.objects.get(username="credit")
    reviewing.take(appeal.pk, by=credit, at=at)
    if state is AppealState.MORE_INFO:
        reviewing.ask_for_more(appeal.pk, question=_QUESTION, by=credit, at=at)
    elif state is AppealState.UPHELD:
        _uphold(appeal, credit, at=at)
    elif state in (AppealState.REJECTED, AppealState.CLOSED):
        rejected = reviewing.reject(appeal.pk, answer=_ANSWER, by=credit, reason=_REASON, at=at)
        if state is AppealState.CLOSED:
            closing.note_read(rejected, at=at)


def _uphold(appeal: Appeal, credit: Staff, *, at: datetime) -> None:
    """Accept the pay slip, propose the highest limit that follows, and approve it."""
    on = day_of(at)
    [proof] = queries.proofs_of(appeal).values()
    finding = ProofFinding(proof.pk, ProofVerdict.ACCEPTED, monthly_income_fen=RAISED_INCOME_FEN)
    limits = queries.preview(appeal, [finding], at=at, on=on).limits
    proposal = Upholding(appeal.pk, limits.most_fen, [finding])
    made = upholding.propose(proposal, by=credit, reason=_REASON, at=at, on=on)
    manager = Staff.objects.get(username="manager")
    approvals.approve([made.pk], by=manager, reason=_REASON, at=at)


def _refuse(proof: AssetProof, *, at: datetime) -> None:
    finding = ProofFinding(proof.pk, ProofVerdict.UNREADABLE)
    proof_reviews.review([finding], by="credit", reason=_REASON, at=at, on=day_of(at))


def _cut(context: RequestContext, *, at: datetime) -> None:
    """Report a lower income, as a partner does, and ask a person about the fall of the target."""
    on = day_of(at)
    yesterday = moment_of(on - timedelta(days=1), time(18))  # facts count through yesterday
    income = {
        "id": "demo-income-1", "kind": "income", "openid": CUT,
        "occurred_at": yesterday.isoformat(),
        "monthly_income_fen": LOWER_INCOME_FEN, "document": "payroll",
    }  # fmt: skip
    events.receive([income], partner=PARTNER, by=f"partner:{PARTNER}", at=at)
    line = CreditLine.objects.get(customer=context.customer)
    inputs.refresh([line.pk], evidence=f"facts:{on}", by=LineActor.LIMITS, on=on, at=at)
    change = LimitChange.objects.filter(line=line).latest("pk")
    cut_reviews.request(change.public_id, context=context)


def pay_slip(name: str) -> bytes:
    """Return the picture of a pay slip, the same for the same name."""
    picture = Image.new("RGB", SIZE, "white")
    ImageDraw.Draw(picture).text((40, 40), f"PAY SLIP  {name}  DEMO", fill="black")
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
