"""A copy of one's data, and leaving, through HTTP; the night carries out what was asked."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.models import Complaint, Customer, CustomerHold, DeletionRequest
from accounts.privacy.operations import deletions, retention
from backoffice.core import clock
from backoffice.platform.jobs import Tally
from tests.accounts.api.conftest import Phone, problem
from tests.accounts.people import AT, LONG_AGO, person
from tests.accounts.uploads import PDF, file, kind, send


def night():
    at = clock.now()
    return retention.nightly(by="retention", on=at.date(), at=at, wall_at=clock.wall())


def hold(customer, kind):
    return CustomerHold.objects.create(
        customer=customer, kind=kind, holder="court", reason="a lawsuit", placed_by="staff",
        placed_at=clock.now(),
    )  # fmt: skip


def test_the_copy_has_every_section_and_no_full_number(identified):
    answer = identified.get("me/export")

    sections = answer.json()["sections"]
    assert {"identity", "cards", "consents", "loans", "credit_lines"} <= set(sections)
    [identity] = sections["identity"]["rows"]
    assert (identity["name"], identity["id_number"]) == ("张*", masked(person().id_number))
    assert [row["purpose"] for row in sections["consents"]["rows"]] == ["biometrics"]
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"] == 'attachment; filename="weidai.json"'


@pytest.mark.parametrize("form", ["", "?form=readable"])
def test_no_number_is_given_in_full_in_any_form(consented, form):
    consented.put("me/profile", {"monthly_income_fen": 1, "occupation": "other"})

    copy = consented.get(f"me/export{form}").content.decode()

    who = person()
    for number in (who.id_number, who.card_number, who.phone, who.name, consented.openid):
        assert number not in copy
    assert f"**** {who.card_number[-4:]}" in copy


def test_the_copy_holds_what_the_customer_typed(consented):
    typed = {"monthly_income_fen": 1, "occupation": "other", "address": "某街 1 号"}
    consented.put("me/profile", typed)
    consented.post("me/complaints", {"text": "30 天太久"})

    sections = consented.get("me/export").json()["sections"]

    [profile], [complaint] = sections["profile"]["rows"], sections["complaints"]["rows"]
    assert (profile["monthly_income_fen"], profile["address"]) == (1, "某街 1 号")
    assert complaint["text"] == "30 天太久"
    assert [row["purpose"] for row in sections["consents"]["rows"]] == [
        "payment", "bureau", "agreement", "biometrics",
    ]  # fmt: skip


def test_the_copy_tells_nothing_of_somebody_else(consented, another):
    consented.post("me/complaints", {"text": "mine"})

    sections = another.get("me/export").json()["sections"]

    assert sections["complaints"]["rows"] == sections["cards"]["rows"] == []
    assert "mine" not in str(sections)


def test_who_is_looked_into_does_not_learn_it_from_the_copy(identified):
    hold(identified.customer, "legal")

    assert "a lawsuit" not in identified.get("me/export").content.decode()


def test_a_long_section_is_cut_and_says_so(newcomer):
    Complaint.objects.bulk_create(
        Complaint(customer=newcomer.customer, text=str(n), filed_at=AT, due_on=AT.date())
        for n in range(501)
    )

    complaints = newcomer.get("me/export").json()["sections"]["complaints"]

    assert (complaints["is_cut"], len(complaints["rows"])) == (True, 500)
    assert (complaints["rows"][0]["text"], complaints["rows"][-1]["text"]) == ("500", "1")
    assert "Older rows are omitted" in newcomer.get("me/export?form=readable").content.decode()


def test_five_hundred_rows_are_whole(newcomer):
    Complaint.objects.bulk_create(
        Complaint(customer=newcomer.customer, text=str(n), filed_at=AT, due_on=AT.date())
        for n in range(500)
    )

    complaints = newcomer.get("me/export").json()["sections"]["complaints"]

    assert (complaints["is_cut"], len(complaints["rows"])) == (False, 500)


def test_words_of_a_customer_cannot_run_in_the_page(newcomer):
    newcomer.post("me/complaints", {"text": "<script>alert(1)</script>"})

    page = newcomer.get("me/export?form=readable").content.decode()

    assert "<script" not in page and "&lt;script&gt;" in page


def test_both_forms_hold_the_same_sections(newcomer):
    sections = newcomer.get("me/export").json()["sections"]
    page = newcomer.get("me/export?form=readable").content.decode()

    assert page.count("<h2>") == len(sections) == len(set(sections))


def test_the_page_is_in_the_language_of_the_caller(newcomer):
    page = newcomer.get("me/export?form=readable", **{"accept-language": "zh-hans"})

    assert '<html lang="zh-hans">' in page.content.decode()


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_copy_is_only_read(waited, method):
    assert problem(getattr(waited, method)("me/export")) == (405, "method-not-allowed")


def test_the_copy_tells_of_proofs_and_grants(identified):
    identified.put("me/transaction-password", {"password": "Abcd1234"})
    identified.post(
        "me/authorisations",
        {"password": "Abcd1234", "purpose": "drawdown", "amount_fen": 100},
    )
    send(identified, kind("house"), file(PDF))

    sections = identified.get("me/export").json()["sections"]

    [proof], [grant] = (sections[name]["rows"] for name in ("proofs", "authorisations"))
    assert (proof["kind"], proof["size"]) == ("house", len(PDF))
    assert (grant["purpose"], grant["amount_fen"], grant["used_at"]) == ("drawdown", 100, None)


def masked(number):
    return f"{number[:3]}{'*' * 11}{number[-4:]}"


def test_the_copy_can_be_read_by_people(identified):
    answer = identified.get("me/export", accept="text/html")

    page = answer.content.decode()
    assert answer["content-type"].startswith("text/html")
    assert answer["Content-Disposition"] == 'attachment; filename="weidai.html"'
    assert "Your personal data" in page and "张*" in page
    assert person().id_number not in page and "http" not in page


def test_a_newcomer_may_ask_for_the_copy_and_leave(newcomer):
    assert newcomer.get("me/export").status_code == 200

    answer = newcomer.post("me/deletion")

    assert answer.status_code == 202
    assert answer.json()["state"] == "requested"
    assert answer.json()["kept"] == [
        {
            "what": "logins",
            "until": "2027-05-23",
            "why": "The law on cyber security has the logs of logins kept for six months.",
        }
    ]
    assert {"submissions", "complaints", "wechat_accounts"} <= set(answer.json()["erased"])


def test_what_is_kept_of_one_who_is_known_is_named_with_its_day_and_reason(identified):
    answer = identified.post("me/deletion").json()

    kept = {row["what"]: row["until"] for row in answer["kept"]}
    assert kept == dict.fromkeys(
        ("identity", "cards", "transactions", "consents", "complaints"), "2036-12-24"
    ) | {"logins": "2027-06-22"}
    assert all(row["why"] for row in answer["kept"])
    assert identified.get("me/deletion").json() == answer


def test_nothing_was_asked_for_yet(newcomer):
    assert problem(newcomer.get("me/deletion")) == (404, "not-found")


def test_nobody_sees_or_takes_back_the_request_of_somebody_else(newcomer):
    newcomer.post("me/deletion")
    other = Phone("other", device_number=2).log_in()

    assert problem(other.get("me/deletion")) == (404, "not-found")
    assert problem(other.delete("me/deletion")) == (409, "deletion-not-requested")
    assert DeletionRequest.objects.get().state == "requested"


def test_who_took_a_request_back_may_ask_again(newcomer):
    newcomer.post("me/deletion")
    newcomer.delete("me/deletion")

    assert newcomer.post("me/deletion").json()["state"] == "requested"
    assert DeletionRequest.objects.count() == 2


def test_twenty_who_ask_at_once_ask_once(committed_db):
    customer = Customer.objects.create(registered_at=LONG_AGO)

    def ask(_):
        try:
            return deletions.request(customer, by="customer", at=AT).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        asked = set(threads.map(ask, range(20)))

    assert len(asked) == DeletionRequest.objects.count() == 1


def test_a_request_is_one_however_often_it_is_sent(newcomer):
    first, again = newcomer.post("me/deletion"), newcomer.post("me/deletion")

    assert first.json() == again.json()
    assert DeletionRequest.objects.count() == 1


def test_a_request_is_taken_back_before_the_night(newcomer):
    newcomer.post("me/deletion")

    assert newcomer.delete("me/deletion").json()["state"] == "withdrawn"

    assert night() == Tally()
    assert newcomer.get("me").json()["state"] == "registered"
    assert problem(newcomer.delete("me/deletion")) == (409, "deletion-not-requested")


def test_who_owes_cannot_leave(identified, monkeypatch):
    monkeypatch.setattr(deletions, "_blockers", [lambda customer_id: "debts-open"])

    answer = identified.post("me/deletion")

    assert problem(answer) == (409, "deletion-not-possible")
    assert answer.json()["blockers"] == ["debts-open"]
    assert not DeletionRequest.objects.exists()


def test_a_block_stops_everything_but_closing_and_complaining(waited):
    hold(waited.customer, "block")

    assert problem(waited.identify()) == (403, "customer-on-hold")
    assert waited.get("me").json()["is_on_hold"] is True
    assert waited.post("me/complaints", {"text": "why?"}).status_code == 201
    assert waited.post("me/deletion").status_code == 202
    assert waited.post("auth/logout").status_code == 204
