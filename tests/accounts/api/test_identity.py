"""Identity verification, through HTTP: what passes, what waits, and what each refusal says."""

from datetime import date

import pytest

from accounts import tasks
from accounts.identity.operations import identities
from accounts.models import (
    Consent,
    Customer,
    DeletionRequest,
    IdentityVerification,
    ProviderCall,
    WechatAccount,
)
from backoffice.core.models import OutboxMessage, StateChange
from tests.accounts.api.conftest import Phone, problem, wait
from tests.accounts.people import AT, person


def states():
    return list(IdentityVerification.objects.order_by("pk").values_list("state", flat=True))


def ask_again():
    """Do what the outbox does with what waits in it."""
    for message in OutboxMessage.objects.all():
        tasks.check_identity(message.payload, key=message.key)


def test_a_customer_is_identified_by_number_and_face(waited):
    answer = waited.identify()

    assert answer.status_code == 200
    assert answer.json()["state"] == "passed"
    assert answer.json()["customer"]["state"] == "identified"
    assert waited.get("me").json()["state"] == "identified"
    assert [call.action for call in ProviderCall.objects.order_by("pk")] == ["identity", "face"]
    assert [consent.purpose for consent in Consent.objects.all()] == ["biometrics"]


def test_of_the_face_only_the_result_is_kept(waited):
    waited.identify()

    kept = IdentityVerification.objects.get()
    assert (kept.face_token, kept.similarity_permille, kept.is_live) == (None, 920, True)
    who = person()
    shown = str(list(ProviderCall.objects.values()))
    assert who.id_number not in shown and who.name not in shown


def test_in_the_cooling_off_period_nothing_is_sent(newcomer):
    answer = newcomer.identify()

    assert problem(answer) == (403, "cooling-off")
    assert answer.json()["available_at"] == "2026-12-24T15:00:00+08:00"
    assert not IdentityVerification.objects.exists()


def test_the_cooling_off_period_ends_to_the_second(newcomer):
    wait(30 - 1 / 86_400)
    assert problem(newcomer.identify()) == (403, "cooling-off")

    wait(1 / 86_400)

    assert newcomer.identify().status_code == 200


@pytest.mark.parametrize(
    ("face", "status", "state"),
    [
        ("sandbox:score=80", 200, "passed"),
        ("sandbox:score=79.9", 202, "in_review"),
        ("sandbox:score=70", 202, "in_review"),
        ("sandbox:down", 202, "pending"),
        ("sandbox:late", 202, "pending"),
    ],
)
def test_what_the_face_decides(waited, face, status, state):
    answer = waited.identify(face_token=face)

    assert (answer.status_code, answer.json()["state"]) == (status, state)
    expected = "identified" if state == "passed" else "registered"
    assert waited.get("me").json()["state"] == expected


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"face_token": "sandbox:score=69.9"}, "face-mismatch"),
        ({"face_token": "sandbox:not-live"}, "face-not-live"),
        ({"face_token": "sandbox:other-person"}, "face-mismatch"),
        ({"face_token": "sandbox:invalid"}, "face-check-invalid"),
        ({"name": "张不符"}, "identity-mismatch"),
    ],
)
def test_what_is_refused_says_why_and_what_to_do(waited, sent, reason):
    answer = waited.identify(**sent)

    assert problem(answer) == (422, "identity-refused")
    assert answer.json()["reason"] == reason
    steps = [(step["step"], step["method"]) for step in answer.json()["next_steps"]]
    assert steps == [("check-identity", "GET"), ("update-profile", "PUT"), ("ask-support", "POST")]
    assert waited.get("me").json()["state"] == "registered"
    assert states() == ["refused"]


def test_a_number_without_a_record_goes_to_a_person(waited):
    answer = waited.identify(name="张查无")

    assert answer.status_code == 202
    shown = waited.get("me/identity").json()
    assert (shown["state"], shown["reason"]) == ("in_review", "identity-no-record")
    assert "no record" in shown["words"] and "do not belong together" not in shown["words"]
    [referred] = StateChange.objects.filter(transition="refer")
    assert referred.facts == {"indicators": "IDN-003"}
    assert [call.action for call in ProviderCall.objects.all()] == ["identity"]


def test_no_person_can_accept_what_was_compared_with_nothing(waited):
    waited.identify(name="张查无")
    pk = IdentityVerification.objects.get().pk
    by = {"by": "ann", "reason": "seen the household register", "at": AT}

    with pytest.raises(identities.ChecksIncompleteError):
        identities.decide(pk, is_accepted=True, **by)
    assert states() == ["in_review"]

    identities.decide(pk, is_accepted=False, **by)
    shown = waited.get("me/identity").json()
    assert (shown["state"], shown["reason"]) == ("refused", "identity-no-record")
    assert "no record" in shown["words"] and "brought up to date" in shown["remedy"]


def test_an_outage_waits_and_the_outbox_asks_again(waited):
    waited.identify(face_token="sandbox:late")
    assert OutboxMessage.objects.get().topic == "accounts.identity"

    ask_again()

    assert states() == ["passed"]
    assert waited.get("me").json()["state"] == "identified"
    calls = ProviderCall.objects.filter(action="face").order_by("pk")
    assert [(call.attempt, call.verdict) for call in calls] == [(1, "unavailable"), (2, "match")]


def test_an_outage_of_a_day_lapses_and_never_passes(waited):
    waited.identify(face_token="sandbox:down")
    wait(1)

    ask_again()

    assert states() == ["lapsed"]
    assert waited.get("me").json()["state"] == "registered"
    assert waited.identify(face_token="another look").status_code == 200


def test_the_same_submission_again_is_the_same(waited):
    first = waited.identify(face_token="sandbox:down")

    again = waited.identify(face_token="another look")

    assert first.status_code == again.status_code == 202
    assert states() == ["pending"]


def test_another_person_cannot_be_sent_while_one_is_checked(waited):
    waited.identify(face_token="sandbox:score=75")

    assert problem(waited.identify(person(2))) == (409, "identity-in-progress")
    assert states() == ["in_review"]


def test_an_identity_is_proven_once(identified):
    answer = identified.identify(person(2), face_token="another look")

    assert problem(answer) == (409, "already-identified")
    assert states() == ["passed"]


def test_a_face_check_serves_once(waited):
    waited.identify(face_token="sandbox:not-live")

    assert problem(waited.identify(face_token="sandbox:not-live")) == (409, "face-token-used")
    assert states() == ["refused"]


def test_five_tries_a_day_are_enough(waited):
    for number in range(5):
        waited.identify(name="张不符", face_token=f"look {number}")

    assert problem(waited.identify(face_token="look 6")) == (429, "too-many-tries")
    assert states() == ["refused"] * 5


def test_a_key_makes_one_try_of_two_requests(waited):
    keyed = {"idempotency-key": "one"}
    who = person()
    body = {"name": "张不符", "id_number": who.id_number, "valid_until": None, "face_token": "look"}
    first = waited.post("me/identity", body, **keyed)

    again = waited.post("me/identity", body, **keyed)

    assert problem(first) == problem(again) == (422, "identity-refused")
    assert states() == ["refused"]
    other = waited.post("me/identity", body | {"name": "李四"}, **keyed)
    assert problem(other) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("11010519491231002Y", "characters"),
        ("110105194912310021", "check-digit"),
        ("110101900307123", "fifteen-digits"),
        ("1101011990030712", "length"),
        ("000000199003071233", "area"),
        ("110101199002301234", "date"),
    ],
)
def test_a_number_that_cannot_be_one(waited, number, reason):
    answer = waited.identify(id_number=number)

    assert problem(answer) == (422, "id-number-bad")
    assert answer.json()["reason"] == reason
    assert number not in answer.content.decode()
    assert states() == []


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"name": 1}, 400, "invalid-input"),
        ({"name": ""}, 400, "invalid-input"),
        ({"name": "张" * 51}, 400, "invalid-input"),
        ({"id_number": None}, 400, "invalid-input"),
        ({"valid_until": "tomorrow"}, 400, "invalid-input"),
        ({"valid_until": "2026-12-23"}, 422, "id-card-expired"),
        ({"face_token": "x" * 201}, 400, "invalid-input"),
        ({"customer": 42}, 400, "invalid-input"),
    ],
)
def test_bad_fields_change_nothing(waited, sent, status, code):
    assert problem(waited.identify(**sent)) == (status, code)
    assert states() == []
    assert waited.get("me").json()["state"] == "registered"


def test_a_card_is_good_on_its_last_day(waited):
    assert waited.identify(valid_until="2026-12-24").status_code == 200


# The fixture's day is 2026-12-24.
@pytest.mark.parametrize(
    ("born_on", "status"),
    [
        (date(2008, 12, 24), 200),  # 18 on this day
        (date(2008, 12, 25), 403),
        (date(1965, 12, 25), 200),  # 61 tomorrow
        (date(1965, 12, 24), 403),
    ],
)
def test_the_age_counts_on_the_day(waited, born_on, status):
    answer = waited.identify(person(born_on=born_on))

    assert answer.status_code == status
    assert status == 200 or problem(answer) == (403, "age-out-of-range")


def test_who_is_born_on_29_february_is_18_on_1_march(newcomer):
    leapling = person(born_on=date(2012, 2, 29))
    wait((date(2030, 2, 28) - date(2026, 11, 24)).days)
    newcomer.log_in()
    assert problem(newcomer.identify(leapling)) == (403, "age-out-of-range")

    wait(1)

    assert newcomer.identify(leapling).status_code == 200


@pytest.mark.parametrize(
    ("since", "code"),
    [("unknown", "wechat-history-unknown"), ("2026-06-25", "wechat-history-short")],
)
def test_six_months_of_wechat_are_needed(db, stopped_clock, since, code):
    phone = Phone("young").log_in(f"sandbox:young;since={since}")
    wait(30)

    assert problem(phone.identify()) == (403, code)
    assert states() == []


def test_six_months_of_wechat_to_the_day(db, stopped_clock):
    phone = Phone("young").log_in("sandbox:young;since=2026-06-24")
    wait(30)

    assert phone.identify().status_code == 200


def accounts_of(count, who):
    phones = [Phone(f"account-{number}", device_number=number).log_in() for number in range(count)]
    wait(30)
    answers = [phone.identify(who) for phone in phones]
    return phones, answers


def test_a_person_has_three_accounts_and_one_line(db, stopped_clock):
    phones, answers = accounts_of(4, person())

    assert [answer.status_code for answer in answers] == [200, 200, 200, 422]
    assert answers[3].json()["reason"] == "three-accounts"
    mine = {phone.get("me").json()["id"] for phone in phones[:3]}
    assert len(mine) == 1
    assert phones[3].get("me").json()["state"] == "registered"
    places = WechatAccount.objects.filter(customer__state="identified").order_by("seat")
    assert [account.seat for account in places] == [1, 2, 3]
    assert sorted(Customer.objects.values_list("state", flat=True)) == [
        "closed", "closed", "identified", "registered",
    ]  # fmt: skip


def test_what_a_newcomer_sent_goes_with_the_person(db, stopped_clock):
    first, second = (Phone(f"account-{n}", device_number=n).log_in() for n in (1, 2))
    filed = second.post("me/complaints", {"text": "30 天太久"}).json()
    second.post("me/deletion")
    wait(30)
    first.identify()

    assert second.identify(face_token="another look").status_code == 200

    [reply] = second.get("me/complaints").json()["results"]
    assert reply["id"] == filed["id"]
    assert DeletionRequest.objects.get().state == "withdrawn"
    assert first.get("me").json()["id"] == second.get("me").json()["id"]


def test_an_unbound_account_keeps_its_place_for_180_days(db, stopped_clock):
    phones, _answers = accounts_of(4, person())
    own = phones[0].get("me/wechat-accounts").json()["results"]
    gone = next(account for account in own if not account["is_this"])
    assert phones[0].delete(f"me/wechat-accounts/{gone['id']}").status_code == 204
    wait(179.99)
    assert phones[3].identify(face_token="second look").json()["reason"] == "three-accounts"

    wait(0.01)

    assert phones[3].identify(face_token="third look").status_code == 200
    assert phones[3].get("me").json()["id"] == phones[0].get("me").json()["id"]


def test_too_many_accounts_on_a_device_are_blocked(db, stopped_clock):
    phones = [Phone(f"account-{number}").log_in() for number in range(4)]
    wait(30)

    assert problem(phones[3].identify()) == (403, "device-shared")
    assert states() == []


def test_a_consent_taken_back_must_be_given_in_words(waited):
    waited.identify(face_token="sandbox:not-live")
    taken_back = Consent.objects.get()
    taken_back.withdrawn_at, taken_back.withdrawn_by = taken_back.given_at, "customer"
    taken_back.save()

    assert problem(waited.identify(face_token="another look")) == (409, "consent-missing")
    assert states() == ["refused"]


def test_the_face_check_is_begun_for_a_person(waited):
    who = person()

    answer = waited.post("me/face-checks", {"name": who.name, "id_number": who.id_number})

    assert answer.status_code == 201
    assert waited.identify(who, **answer.json()).status_code == 200


def test_the_latest_submission_can_be_read(waited):
    assert problem(waited.get("me/identity")) == (404, "not-found")
    waited.identify(face_token="sandbox:not-live")

    assert waited.get("me/identity").json() == {
        "state": "refused",
        "reason": "face-not-live",
        "words": "no live face was detected.",
        "remedy": "Look into the camera again in good light, or ask customer support with a "
        "complaint.",
        "submitted_at": "2026-12-24T15:00:00+08:00",
        "decided_at": "2026-12-24T15:00:00+08:00",
    }
