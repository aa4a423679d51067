"""What staff do to the records of onboarding, each with a reason and by one operation."""

from datetime import date

import pytest
from django.urls import reverse

from accounts.models import (
    BankBin,
    BankCard,
    Complaint,
    CustomerHold,
    IdentityVerification,
    LoginSession,
    ProfileReview,
    WechatAccount,
)
from backoffice.core import clock
from backoffice.core.models import StateChange, WorkItem
from backoffice.web.admin_actions import REASON_MAX
from tests.accounts.admin.conftest import WHO, messages_of, page_of, perform

pytestmark = pytest.mark.django_db

REASON = "looked at it twice"


@pytest.fixture
def in_review(waited):
    """A proof of identity that a person must decide on."""
    waited.identify(face_token="sandbox:score=75")
    return IdentityVerification.objects.get(state="in_review")


@pytest.mark.parametrize(
    ("code", "state", "words"),
    [
        ("accept", "passed", "The verification is accepted."),
        ("refuse", "refused", "The verification is refused: refused-in-review."),
    ],
)
def test_a_proof_in_review_is_decided(as_group, in_review, code, state, words):
    answer = perform(as_group("risk"), in_review, code, reason=REASON)

    assert messages_of(answer) == [words]
    assert IdentityVerification.objects.get(pk=in_review.pk).state == state
    moved = StateChange.objects.get(subject_type="accounts.identityverification", target=state)
    assert (moved.actor, moved.facts) == ("risk", {"text": REASON})


def test_a_proof_in_review_is_work_for_somebody_until_it_is_decided(as_group, in_review):
    item = WorkItem.objects.get()
    assert (item.queue, item.subject_id, item.state) == ("identity-review", in_review.pk, "waiting")

    perform(as_group("risk"), in_review, "accept", reason=REASON)

    finished = WorkItem.objects.get()
    assert (finished.state, finished.done_at is not None) == ("done", True)


def test_a_decision_is_taken_once(as_group, in_review):
    perform(as_group("risk"), in_review, "accept", reason=REASON)

    answer = perform(as_group("credit"), in_review, "refuse", reason="not so sure")

    assert "does not wait for a decision" in messages_of(answer)[0]
    assert IdentityVerification.objects.get(pk=in_review.pk).state == "passed"


def test_a_decided_proof_offers_no_decision(as_group, in_review):
    perform(as_group("risk"), in_review, "accept", reason=REASON)

    assert "/action/" not in as_group("risk").get(page_of(in_review)).content.decode()


def test_a_login_ends_at_once(as_group, newcomer):
    session = LoginSession.objects.get()

    answer = perform(as_group("support"), session, "revoke", reason="the phone was lost")

    ended = LoginSession.objects.get()
    assert messages_of(answer) == ["The login has ended."]
    assert (ended.revoked_by, ended.revoked_facts) == ("support", {"text": "the phone was lost"})
    assert newcomer.get("me").status_code == 401


def test_an_ended_login_does_not_end_again(as_group, newcomer):
    session = LoginSession.objects.get()
    perform(as_group("support"), session, "revoke", reason="the phone was lost")

    answer = perform(as_group("risk"), session, "revoke", reason="another reason")

    assert messages_of(answer)[0].startswith(f"The login S{session.pk} has ended already.")
    assert LoginSession.objects.get().revoked_facts == {"text": "the phone was lost"}


def test_a_customer_is_held_and_let_go(as_group, newcomer):
    customer = newcomer.customer
    held = {"kind": "block", "holder": "fraud desk", "reason": REASON}

    first, again = (perform(as_group("risk"), customer, "hold", **held) for _ in "12")

    hold = CustomerHold.objects.get()
    assert messages_of(first) == [f"{customer} is held."]
    assert messages_of(again)[0].startswith(f"fraud desk holds {customer} already.")
    assert (hold.kind, hold.placed_by, hold.reason) == ("block", "risk", REASON)
    lifted = perform(as_group("manager"), hold, "lift", reason="it was nothing")
    assert messages_of(lifted) == ["The hold is lifted."]
    assert CustomerHold.objects.get().lifted_by == "manager"


def test_numbers_in_what_staff_type_are_masked_before_it_is_stored(as_group, newcomer):
    held = {"kind": "block", "holder": "１３８１２３４５６７８", "reason": "call 138.1234.5678"}

    perform(as_group("risk"), newcomer.customer, "hold", **held)

    hold = CustomerHold.objects.get()
    assert (hold.holder, hold.reason) == ("１３８****５６７８", "call 138.****.5678")


def test_a_reason_that_is_too_long_is_refused_not_cut(as_group, newcomer):
    given = {"kind": "block", "holder": "x", "reason": "x" * (REASON_MAX + 1)}

    answer = perform(as_group("risk"), newcomer.customer, "hold", **given)

    assert messages_of(answer) == [
        "reason: at most 200 characters; this has 201. Shorten it and try again; nothing was "
        "changed."
    ]
    assert not CustomerHold.objects.exists()


def test_a_line_end_counts_as_one_character(as_group, newcomer):
    given = {"kind": "block", "holder": "x", "reason": "x\r\n" * (REASON_MAX // 2)}

    perform(as_group("risk"), newcomer.customer, "hold", **given)

    assert CustomerHold.objects.get().reason == ("x\n" * (REASON_MAX // 2)).strip()


@pytest.mark.parametrize("bad", [{"kind": "vip"}, {"holder": " "}, {"reason": "no"}])
def test_a_bad_hold_is_not_placed(as_group, newcomer, bad):
    good = {"kind": "block", "holder": "fraud desk", "reason": REASON}

    perform(as_group("risk"), newcomer.customer, "hold", **good | bad)

    assert not CustomerHold.objects.exists()


def test_since_when_wechat_is_used_is_recorded_with_its_reason(as_group, newcomer):
    account = WechatAccount.objects.get()

    perform(as_group("support"), account, "history", since="2020-01-31", reason="a bill of 2020")

    assert WechatAccount.objects.get().used_since_on == date(2020, 1, 31)
    page = as_group("support").get(page_of(account)).content.decode()
    assert "a bill of 2020" in page
    assert (
        as_group("auditor").get(reverse("admin:backoffice_statechange_changelist")).status_code
        == 200
    )


@pytest.mark.parametrize("since", ["", "2020-02-30", "yesterday", "2999-01-01"])
def test_what_is_no_day_is_not_recorded(as_group, newcomer, since):
    account = WechatAccount.objects.get()

    perform(as_group("support"), account, "history", since=since, reason="a bill of 2020")

    assert WechatAccount.objects.get() == account
    assert WechatAccount.objects.get().used_since_on == account.used_since_on


def test_a_complaint_is_answered_once(as_group, onboarded):
    complaint = Complaint.objects.get()

    first, again = (
        perform(as_group(group), complaint, "answer", words=words)
        for group, words in (("support", "规则如此"), ("manager", "again"))
    )

    answered = Complaint.objects.get()
    assert messages_of(first) == ["The customer can read the answer."]
    assert "has been answered" in messages_of(again)[0]
    assert (answered.answer, answered.answered_by.username) == ("规则如此", "support")


def test_a_complaint_is_read_with_its_numbers_masked(as_group, onboarded):
    page = as_group("support").get(page_of(Complaint.objects.get())).content.decode()

    assert f"我的手机号 {WHO.phone[:3]}****{WHO.phone[-4:]}，身份证 110***********" in page


def test_the_class_of_a_card_is_recorded(as_group, make_card):
    card = make_card(state="pending", account_class="unknown", is_default=False)

    answer = perform(as_group("credit"), card, "decide-class", account_class="I", reason=REASON)

    decided = BankCard.objects.get()
    assert messages_of(answer) == ["The account class is recorded."]
    assert (decided.state, decided.account_class) == ("active", "I")


@pytest.mark.parametrize("account_class", ["", "unknown", "IV"])
def test_no_other_class_can_be_recorded(as_group, make_card, account_class):
    card = make_card(state="pending", account_class="unknown", is_default=False)

    perform(as_group("credit"), card, "decide-class", account_class=account_class, reason=REASON)

    assert BankCard.objects.get().state == "pending"


BIN = {"prefix": "621999", "length": "19", "bank": "某银行", "bank_en": "Some Bank", "code": "SOME",
       "kind": "debit", "is_supported": "on"}  # fmt: skip


def test_the_table_of_the_banks_is_kept_by_hand(as_group):
    client = as_group("risk")

    client.post(reverse("admin:accounts_bankbin_add"), BIN)
    client.post(page_of(BankBin.objects.get(prefix="621999")), BIN | {"bank": "另一银行"})

    assert BankBin.objects.get(prefix="621999").bank == "另一银行"


@pytest.mark.parametrize("bad", [{"prefix": "62a"}, {"length": "12"}, {"kind": "gift"}])
def test_a_bad_beginning_is_not_kept(as_group, bad):
    before = BankBin.objects.count()

    answer = as_group("risk").post(reverse("admin:accounts_bankbin_add"), BIN | bad)

    assert (answer.status_code, BankBin.objects.count()) == (200, before)


@pytest.mark.parametrize("group", ["support", "credit", "auditor", "finance"])
def test_who_may_not_keep_the_table_does_not(as_group, group):
    before = BankBin.objects.count()

    answer = as_group(group).post(reverse("admin:accounts_bankbin_add"), BIN)

    assert (answer.status_code, BankBin.objects.count()) == (403, before)


def waiting(client):
    page = client.get(reverse("admin:index"))
    return {str(one["title"]): (one["count"], one["address"]) for one in page.context["waiting"]}


def test_the_overview_counts_what_waits_and_leads_there(as_group, onboarded, make_card):
    make_card(state="pending", account_class="unknown", is_default=False, account="acct-2",
              number_blind=b"x" * 16)  # fmt: skip

    support, credit = waiting(as_group("support")), waiting(as_group("credit"))

    assert {title: count for title, (count, _address) in (support | credit).items()} == {
        "Open complaints": 1, "Identity verifications in review": 0, "Profiles in review": 0,
        "Cards with an unknown account class": 1,
    }  # fmt: skip
    for client, found in ((as_group("support"), support), (as_group("credit"), credit)):
        for count, address in found.values():
            assert len(client.get(address).context["cl"].result_list) == count


def test_a_complaint_that_is_late_is_marked(as_group, onboarded):
    Complaint.objects.update(due_on=clock.business_date().replace(day=1))

    [card] = as_group("manager").get(reverse("admin:index")).context["waiting"]

    assert (card["kind"], card["detail"]) == ("danger", "the earliest is due on 2026-12-01")


@pytest.fixture
def profile_review(onboarded):
    """A student's profile in review, which was declared after everything else."""
    declared = {"monthly_income_fen": 0, "occupation": "student"}
    assert onboarded.put("me/profile", declared).status_code == 200
    return ProfileReview.objects.get()


@pytest.mark.parametrize(
    ("code", "state", "message"),
    [
        ("accept", "accepted", "The profile is accepted."),
        ("refuse", "refused", "The profile is refused."),
    ],
)
@pytest.mark.parametrize("group", ["credit", "risk"])
def test_a_profile_in_review_is_decided_with_a_reason(
    as_group, profile_review, group, code, state, message
):
    client = as_group(group)
    perform(client, profile_review, code, reason="no")
    assert ProfileReview.objects.get().state == "in_review"

    answer = perform(client, profile_review, code, reason="enrolled, parents support")

    assert messages_of(answer) == [message]
    assert ProfileReview.objects.get().state == state
    assert WorkItem.objects.get(queue="profile-review").state == "done"
    assert "/action/" not in client.get(page_of(profile_review)).content.decode()
