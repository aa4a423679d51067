"""The page of a customer: four conditions, the steps, and what happened in one order of time."""

import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.identity.operations import identities
from accounts.models import BankCard, Customer, IdentityVerification, Profile, ProfileReview
from accounts.privacy.operations import holds
from backoffice.core import clock, workflow
from backoffice.core.crypto import blind
from backoffice.web.readonly_admin import list_address
from tests.accounts.admin.conftest import CARD_PHONE, WHO, page_of
from tests.loans.collection.queries.test_due import plan_of
from tests.raw import execute

pytestmark = pytest.mark.django_db

QUERIES_MAX = 31
TAG = re.compile("<[^>]*>")


def sections(client, phone):
    page = client.get(page_of(phone.customer))
    assert page.status_code == 200
    return {str(one.title): one for one in [*page.context["lead_sections"],
                                            *page.context["sections"]]}  # fmt: skip


def test_the_page_is_read_in_few_statements(as_group, onboarded, django_assert_max_num_queries):
    address, client = page_of(onboarded.customer), as_group("support")
    client.get(address)

    with django_assert_max_num_queries(QUERIES_MAX):
        client.get(address)


def test_four_lines_say_what_was_found(admin_client, onboarded):
    lines = sections(admin_client, onboarded)["Basic conditions"].rows

    assert [line[0] for line in lines] == ["Age", "Real name", "Bank card", "Number of accounts"]
    assert ["passed" in line[3] for line in lines] == [True] * 4
    identity, card = lines[1][4], lines[2][4]
    assert "Similarity (of 100) 92.0" in identity
    assert "API call of the ID check sandbox" in identity
    assert "Face passed" in identity
    assert "建设银行 **** " in card
    assert "Account class class I" in card
    assert "People on the device 1" in lines[3][4]


def test_a_card_whose_class_is_unknown_waits_for_a_person(admin_client, identified, make_card):
    make_card(state="pending", account_class="unknown", is_default=False)

    card = sections(admin_client, identified)["Basic conditions"].rows[2]

    assert "manual review" in card[3]


def test_who_has_only_registered_has_not_been_looked_at(admin_client, newcomer):
    lines = sections(admin_client, newcomer)["Basic conditions"].rows

    assert ["not checked" in line[3] for line in lines] == [True, True, True, False]
    assert "WeChat accounts 1" in lines[3][4]


def test_a_proof_in_review_is_a_line_for_a_person(admin_client, waited):
    waited.identify(face_token="sandbox:score=75")

    assert "manual review" in sections(admin_client, waited)["Basic conditions"].rows[1][3]


@pytest.mark.parametrize(("is_accepted", "words"), [(True, "passed"), (False, "not met")])
def test_what_a_person_decided_counts_more_than_the_score(admin_client, waited, is_accepted, words):
    waited.identify(face_token="sandbox:score=75")
    proof = IdentityVerification.objects.get()

    identities.decide(
        proof.pk, is_accepted=is_accepted, by="risk", reason="looked at it", at=clock.now()
    )

    assert words in sections(admin_client, waited)["Basic conditions"].rows[1][3]


def test_the_steps_say_what_is_next(admin_client, identified, make_card):
    make_card()

    steps = sections(admin_client, identified)["Onboarding steps"].rows

    states = [(str(step), TAG.sub("", state).strip()) for step, state in steps]
    assert states == [
        ("identity", "done"), ("transaction password", "next"), ("bank card", "done"),
        ("consents", "next"), ("profile", "locked"), ("assessment", "locked"),
    ]  # fmt: skip


def test_a_newcomer_sees_when_the_waiting_ends(admin_client, newcomer):
    note = sections(admin_client, newcomer)["Onboarding steps"].note

    assert note == "Cooling-off period until 2026-12-24 15:00: only reading works."


@pytest.mark.parametrize(
    ("review", "shown"),
    [
        (None, ""),
        ("in_review", "Manual review before any loan"),
        ("refused", "refused in a manual review"),
    ],
)
def test_the_review_of_a_profile_is_noted(admin_client, onboarded, review, shown):
    if review is not None:
        with transaction.atomic(), workflow.importing():
            decided_at = None if review == "in_review" else clock.now()
            made = ProfileReview.objects.create(
                customer=onboarded.customer, state=review, occupation="student",
                monthly_income_fen=0, requested_at=clock.now(), decided_at=decided_at,
            )  # fmt: skip
        Profile.objects.update(review=made)

    note = str(sections(admin_client, onboarded)["Onboarding steps"].note)

    assert shown in note and bool(note) is bool(shown)


def test_the_timeline_shows_everything_oldest_first(admin_client, onboarded):
    holds.place(
        holds.Hold(onboarded.customer, "block", "fraud"), by="risk", reason="looked odd",
        at=clock.now(), wall_at=clock.wall(),
    )  # fmt: skip

    rows = sections(admin_client, onboarded)["Customer timeline"].rows

    assert [str(row[1]) for row in rows] == [
        "registered", "WeChat account bound", "first login on a device",
        "identity verification submitted",
        "provider asked", "provider asked", "card sent", *["consent given"] * 4,
        "profile declared", "hold placed", "hold placed", "customer", "identity verification",
        "customer", "customer",
    ]  # fmt: skip
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert ("blocked, fraud: looked odd", "risk") in [(row[2], row[3]) for row in rows]


def test_holds_in_force_stand_above_with_a_way_to_lift_them(admin_client, onboarded):
    [row] = sections(admin_client, onboarded)["Holds in force"].rows

    assert page_of(onboarded.customer.holds.get()) in row[0]
    assert row[1:4] == ("court 12", "the court asked", "risk")


def test_who_may_not_see_proofs_finds_none(as_group, onboarded):
    shown = sections(as_group("collections"), onboarded)

    assert "Basic conditions" not in shown
    assert "Customer timeline" not in shown
    assert "sandbox" not in as_group("finance").get(page_of(onboarded.customer)).content.decode()


@pytest.mark.parametrize("term", [WHO.id_number, WHO.phone, WHO.card_number, "13987654321"])
def test_a_whole_key_finds_the_customer(admin_client, onboarded, term):
    page = admin_client.get("/admin/accounts/customer/", {"q": term})

    assert page.context["cl"].result_list == [onboarded.customer]


# Four digits alone could be the id of a customer.
@pytest.mark.parametrize("term", [WHO.id_number[:-1], "1398765432", WHO.card_number[:-1], "张三"])
def test_a_part_of_a_key_finds_nobody(admin_client, onboarded, term):
    page = admin_client.get("/admin/accounts/customer/", {"q": term})

    assert page.context["cl"].result_list == []


@pytest.mark.parametrize(
    "term", ["C{pk}", "{pk}", WHO.id_number, WHO.phone, WHO.card_number, CARD_PHONE]
)
def test_a_customer_is_found_by_what_identifies_him_alone(as_group, onboarded, term):
    customer = onboarded.customer
    Customer.objects.create(registered_at=customer.registered_at)
    BankCard.objects.filter(customer=customer).update(phone_blind=blind(CARD_PHONE, "phone"))

    page = as_group("support").get(list_address(Customer), {"q": term.format(pk=customer.pk)})

    assert [one.pk for one in page.context["cl"].result_list] == [customer.pk]


@pytest.mark.parametrize("term", ["C0", "nobody", "13700000000"])
def test_a_search_for_nobody_finds_nobody(as_group, onboarded, term):
    page = as_group("support").get(list_address(Customer), {"q": term})

    assert list(page.context["cl"].result_list) == []


def test_a_search_reads_the_customers_by_their_indexes(as_group, onboarded):
    with CaptureQueriesContext(connection) as asked:
        as_group("support").get(list_address(Customer), {"q": WHO.phone})

    [search] = [one["sql"] for one in asked if "UNION" in one["sql"]]
    plan = plan_of(search)
    assert "Seq Scan" not in plan, plan
    # Which of its indexes a table of one row is read by is chance: each condition has one.
    indexed = {row[0] for row in execute("SELECT indexdef FROM pg_indexes")}
    for table, column in (("customer", "id"), ("customer", "id_blind"), ("customer", "phone_blind"),
                          ("bankcard", "number_blind"), ("bankcard", "phone_blind")):  # fmt: skip
        first = f"ON public.accounts_{table} USING btree ({column}"
        assert any(first in one for one in indexed), first
