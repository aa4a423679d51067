"""A copy of what is held of a person: every section, newest first, masked, of nobody else."""

from datetime import date, timedelta

import pytest

from accounts.complaints import operations as complaints
from accounts.consents.operations import consents
from accounts.models import AccessRecord, Complaint, Customer, LoginSession, Profile, Staff
from accounts.privacy.operations import deletions, exports
from accounts.privacy.operations.exports import ROWS_MAX, CopySection
from accounts.proofs.operations import proofs
from accounts.proofs.operations.proofs import Upload
from tests.accounts.cards.cards import ONE, bound, customer
from tests.accounts.identity.operations.test_people import check, session
from tests.accounts.identity.operations.test_submissions import submit
from tests.accounts.people import AT, LONG_AGO, person, request_of
from tests.accounts.uploads import PDF

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(hours=1)
OWN = (
    "identity", "wechat_accounts", "logins", "verifications", "cards", "consents", "profile",
    "profile_reviews", "proofs", "proof_reviews", "authorisations", "complaints", "passwords",
    "provider_calls", "deletion_requests", "access_records",
)  # fmt: skip


@pytest.fixture
def owner():
    return customer(born_on=date(1990, 3, 7), id_valid_until_on=date(2030, 1, 1))


def rows(owner, name):
    return exports.as_json(owner, at=AT)["sections"][name]["rows"]


def test_every_section_is_there_also_when_it_is_empty(owner):
    copy = exports.as_json(Customer.objects.create(registered_at=AT), at=LATER)

    assert copy["exported_at"] == LATER
    assert tuple(copy["sections"])[: len(OWN)] == OWN
    assert {"loans", "credit_lines", "conduct"} <= set(copy["sections"])
    empty = {name: section for name, section in copy["sections"].items() if name != "identity"}
    assert all(section == {"is_cut": False, "rows": []} for section in empty.values())


def test_the_identity_is_masked(owner):
    Customer.objects.filter(pk=owner.pk).update(phone="13800000001", phone_blind=b"x" * 16)

    [identity] = rows(owner, "identity")

    number = person().id_number
    assert identity == {
        "state": "identified", "name": "张*", "id_number": f"{number[:3]}{'*' * 11}{number[-4:]}",
        "phone": "138****0001", "born_on": date(1990, 3, 7), "id_valid_until": date(2030, 1, 1),
        "registered_at": LONG_AGO,
    }  # fmt: skip


def test_cards_are_masked_and_the_newest_comes_first(owner):
    first, second = bound(owner, 1, account_class=ONE), bound(owner, 2, account_class=ONE)

    found = rows(owner, "cards")

    assert [row["number"] for row in found] == [
        f"**** {second.last_four}", f"**** {first.last_four}",
    ]  # fmt: skip
    assert found[1] == {
        "bank": first.bank, "number": f"**** {first.last_four}", "phone": "138****0001",
        "state": "active", "account_class": "I", "bound_at": AT,
    }  # fmt: skip


def test_verifications_and_the_questions_to_others_show_results_and_no_number():
    login = session(1)
    check(submit(login, face_token="sandbox:not-live").pk)
    check(submit(login).pk)
    owner = login.account.customer

    second, first = rows(owner, "verifications")
    calls = rows(owner, "provider_calls")

    assert (first["state"], first["is_live"]) == ("refused", False)
    assert (second["state"], second["identity_code"], second["similarity_permille"]) == (
        "passed", "0", 920,
    )  # fmt: skip
    assert (second["submitted_at"], second["decided_at"]) == (AT, AT)
    assert {row["action"] for row in calls} == {"identity", "face"}
    assert person().id_number not in str(exports.as_json(owner, at=AT))


def test_logins_are_those_of_the_customers_own_accounts():
    login, other = session(1), session(2)
    LoginSession.objects.filter(pk=other.pk).update(address="192.0.2.9")

    [row] = rows(login.account.customer, "logins")

    assert row == {
        "began_at": AT, "used_at": AT, "address": "127.0.0.1", "device": "Pixel 9",
        "system": "android",
    }  # fmt: skip
    [account] = rows(login.account.customer, "wechat_accounts")
    assert account == {"bound_at": LONG_AGO, "unbound_at": None, "used_since": date(2020, 9, 25)}


def test_what_the_customer_gave_and_asked_for_is_there(owner):
    bound(owner, account_class=ONE)
    consents.give(request_of(owner), purpose="agreement")
    proofs.receive(request_of(owner), upload=Upload("house", PDF, date(2027, 1, 1)))
    complaints.file(owner, text="30 天太久", by="customer:1", at=AT)
    Profile.objects.create(
        customer=owner,
        monthly_income_fen=7,
        occupation="other",
        address="某街 1 号",
        declared_at=AT,
    )
    deletions.request(owner, by="customer:1", at=AT)

    assert rows(owner, "consents")[0]["purpose"] == "agreement"
    assert rows(owner, "proofs") == [
        {"kind": "house", "valid_until": date(2027, 1, 1), "content_type": "application/pdf",
         "size": len(PDF), "uploaded_at": AT}
    ]  # fmt: skip
    [complaint], [profile] = rows(owner, "complaints"), rows(owner, "profile")
    assert (complaint["text"], complaint["due_on"]) == ("30 天太久", date(2026, 12, 9))
    assert (profile["monthly_income_fen"], profile["address"]) == (7, "某街 1 号")
    assert rows(owner, "deletion_requests") == [
        {"state": "requested", "requested_at": AT, "decided_at": None}
    ]


def test_numbers_in_a_complaint_and_its_answer_are_masked(owner):
    filed = complaints.file(owner, text="call １３８-1234-5678", by="customer:1", at=AT)
    clerk = Staff.objects.create_user("clerk")
    complaints.answer(filed.pk, words="13812345678 is wrong", by=clerk, at=AT)

    [complaint] = rows(owner, "complaints")

    assert complaint["text"] == "call １３８-****-5678"
    assert complaint["answer"] == "138****5678 is wrong"


def test_who_saw_the_identity_is_shown_without_the_name_of_the_staff(owner):
    AccessRecord.objects.create(
        customer=owner, staff=Staff.objects.create_user("support"), fields="name",
        reason="called back", at=AT,
    )  # fmt: skip

    assert rows(owner, "access_records") == [{"at": AT, "fields": "name", "reason": "called back"}]


def test_nothing_of_another_customer_is_shown(owner):
    other = customer(2)
    bound(other, 2, account_class=ONE)
    complaints.file(other, text="not mine", by="customer:2", at=AT)

    sections = exports.as_json(owner, at=AT)["sections"]

    assert {name for name, section in sections.items() if section["rows"]} == {"identity"}


@pytest.mark.parametrize(("count", "is_cut"), [(ROWS_MAX, False), (ROWS_MAX + 1, True)])
def test_the_newest_rows_are_kept_and_a_cut_is_shown(owner, count, is_cut):
    Complaint.objects.bulk_create(
        Complaint(customer=owner, text=str(n), filed_at=AT, due_on=AT.date()) for n in range(count)
    )

    section = exports.as_json(owner, at=AT)["sections"]["complaints"]

    assert (section["is_cut"], len(section["rows"])) == (is_cut, ROWS_MAX)
    assert section["rows"][0]["text"] == str(count - 1)
    assert section["rows"][-1]["text"] == str(count - ROWS_MAX)


def test_a_section_of_another_app_comes_after_our_own(owner, monkeypatch):
    monkeypatch.setattr(exports, "_sections", [])
    asked = []

    def found(customer_id, limit):
        asked.append((customer_id, limit))
        return [(1, "a"), (2, "b")]

    exports.register([CopySection("others", "Others", {"id": "id", "word": "word"}, found)])

    *own, table = exports.tables(owner)

    assert tuple(one.section.name for one in own) == OWN
    assert (table.section.title, table.rows, table.is_cut) == (
        "Others",
        [(1, "a"), (2, "b")],
        False,
    )
    assert asked == [(owner.pk, ROWS_MAX + 1)]
    assert rows(owner, "others") == [{"id": 1, "word": "a"}, {"id": 2, "word": "b"}]
