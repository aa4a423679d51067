"""Transaction passwords through HTTP: set, changed, guessed at, locked and unlocked (SEC-4)."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.contrib.auth.hashers import check_password

from accounts.consents.operations import consents
from accounts.models import ProviderCall, TransactionPassword, UsedFaceToken
from accounts.passwords.rules import LENGTH_MAX
from backoffice.core import clock
from tests.accounts.api.conftest import Phone, problem, wait
from tests.accounts.people import AT, person

URL = "me/transaction-password"
FIRST, SECOND, WRONG = "Abcd1234", "Efgh5678", "Wrong999"
LOCKED = (423, "password-locked")


def digests():
    return list(TransactionPassword.objects.order_by("pk").values_list("digest", flat=True))


def authorise(phone, password=FIRST):
    return phone.post(
        "me/authorisations", {"password": password, "purpose": "drawdown", "amount_fen": 100}
    )


def guess_wrong(phone, times=5):
    return [authorise(phone, WRONG).json() for _ in range(times)]


@pytest.fixture(autouse=True)
def _cheap(cheap_hashing):
    """Hashing costs nothing here."""


@pytest.fixture
def holder(identified):
    """Somebody with a transaction password."""
    assert identified.put(URL, {"password": FIRST}).status_code == 200
    return identified


def test_the_first_password_needs_nothing_but_itself(identified):
    answer = identified.put(URL, {"password": FIRST})

    assert answer.status_code == 200
    assert answer.json() == {
        "set_at": "2026-12-24T15:00:00+08:00",
        "expires_at": "2027-03-24T15:00:00+08:00",
    }
    [digest] = digests()
    assert digest.startswith("argon2") and check_password(FIRST, digest)


def test_a_set_password_is_a_step_done(holder):
    steps = {step["step"]: step["state"] for step in holder.get("me").json()["next_steps"]}

    assert steps["transaction_password"] == "done"


def test_a_password_comes_after_the_identity(waited):
    answer = waited.put(URL, {"password": FIRST})

    assert problem(answer) == (409, "step-missing")
    assert answer.json()["missing_step"] == "identity"
    assert digests() == []


def test_in_the_cooling_off_period_no_password_is_set(newcomer):
    assert problem(newcomer.put(URL, {"password": FIRST})) == (403, "cooling-off")
    assert digests() == []


@pytest.mark.parametrize(
    ("password", "weaknesses"),
    [
        ("Abcd123", ["too-short"]),
        ("abcd1234", ["no-upper"]),
        ("ABCD1234", ["no-lower"]),
        ("Abcdefgh", ["no-digit"]),
        ("Abcd\t1234", ["not-printable"]),
        ("Ab1" + "x" * (LENGTH_MAX - 2), ["too-long"]),
        ("密码密码密码密码", ["no-upper", "no-lower", "no-digit"]),
        ("a", ["too-short", "no-upper", "no-digit"]),
    ],
)
def test_a_weak_password_is_refused(identified, password, weaknesses):
    answer = identified.put(URL, {"password": password})

    assert problem(answer) == (422, "password-weak")
    assert answer.json()["weaknesses"] == weaknesses
    errors = answer.json()["errors"]
    assert [(one["pointer"], one["code"]) for one in errors] == [
        ("/password", weakness) for weakness in weaknesses
    ]
    assert all(one["detail"] in answer.json()["detail"] for one in errors)
    assert digests() == []


@pytest.mark.parametrize("password", ["Abcd1234", "密Aa1 字符 ok", "Ab1" + "x" * (LENGTH_MAX - 3)])
def test_a_strong_password_is_taken(identified, password):
    assert identified.put(URL, {"password": password}).status_code == 200


def test_spaces_at_the_ends_belong_to_a_password(identified):
    identified.put(URL, {"password": f" {FIRST} "})

    assert authorise(identified, f" {FIRST} ").status_code == 201
    assert problem(authorise(identified, FIRST)) == (403, "password-wrong")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/password", "required"),
        ({"password": None}, "/password", "null"),
        ({"password": ""}, "/password", "blank"),
        ({"password": 12345678}, "/password", "wrong-type"),
        ({"password": ["Abcd1234"]}, "/password", "wrong-type"),
        ({"password": "Abcd\x001234"}, "/password", "null-characters-not-allowed"),
        ({"password": SECOND, "current_password": 1}, "/current_password", "wrong-type"),
        ({"password": SECOND, "current_password": "x" * 129}, "/current_password", "max-length"),
        ({"password": SECOND, "face_token": "x" * 201}, "/face_token", "max-length"),
        ({"password": SECOND, "face_token": ""}, "/face_token", "blank"),
        ({"password": SECOND, "new": "x"}, "/new", "unknown"),
        ({"password": SECOND, "current_password": FIRST, "face_token": "face"}, "", "not-both"),
    ],
)
def test_a_field_that_is_not_as_it_must_be_changes_nothing(holder, body, pointer, code):
    before = digests()

    answer = holder.put(URL, body)

    assert problem(answer) == (400, "invalid-input")
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]
    assert digests() == before


def test_a_password_is_changed_with_the_current_one(holder):
    answer = holder.put(URL, {"password": SECOND, "current_password": FIRST})

    assert answer.status_code == 200
    assert problem(authorise(holder, FIRST)) == (403, "password-wrong")
    assert authorise(holder, SECOND).status_code == 201


def test_a_wrong_current_password_is_a_wrong_try(holder):
    before = digests()

    answer = holder.put(URL, {"password": SECOND, "current_password": WRONG})

    assert problem(answer) == (403, "password-wrong")
    assert answer.json()["left"] == 4
    assert digests() == before


def test_a_password_is_not_replaced_by_who_proves_nothing(holder):
    before = digests()

    answer = holder.put(URL, {"password": SECOND})

    assert problem(answer) == (403, "password-proof-missing")
    assert digests() == before


def test_there_is_no_current_password_before_the_first_one(identified):
    answer = identified.put(URL, {"password": SECOND, "current_password": FIRST})

    assert problem(answer) == (409, "password-missing")
    assert digests() == []


def test_a_password_is_changed_with_a_face(holder):
    answer = holder.put(URL, {"password": SECOND, "face_token": "sandbox:score=80"})

    assert answer.status_code == 200
    assert authorise(holder, SECOND).status_code == 201


@pytest.mark.parametrize(
    ("face", "reason"),
    [
        ("sandbox:score=79.9", "face-mismatch"),
        ("sandbox:score=70", "face-mismatch"),
        ("sandbox:not-live", "face-not-live"),
        ("sandbox:other-person", "face-mismatch"),
        ("sandbox:invalid", "face-mismatch"),
    ],
)
def test_only_a_face_above_the_pass_line_counts(holder, face, reason):
    before = digests()

    answer = holder.put(URL, {"password": SECOND, "face_token": face})

    assert problem(answer) == (403, "face-refused")
    assert answer.json()["reason"] == reason
    assert digests() == before
    again = holder.put(URL, {"password": SECOND, "face_token": face})
    assert problem(again) == (409, "face-token-used")


@pytest.mark.parametrize("face", ["sandbox:down", "sandbox:late"])
def test_silence_proves_nothing_and_uses_nothing_up(holder, face):
    before = digests()

    answers = [holder.put(URL, {"password": SECOND, "face_token": face}) for _ in range(6)]

    assert {problem(answer) for answer in answers} == {(503, "face-check-unavailable")}
    assert digests() == before
    assert not UsedFaceToken.objects.exists()


def test_a_face_check_is_written_down_without_what_it_carried(holder):
    holder.post(f"{URL}/unlock", {"face_token": "secret face"})

    call = ProviderCall.objects.latest("pk")
    assert (call.action, call.verdict, call.customer_id) == ("face", "match", holder.customer.pk)
    shown = str(list(ProviderCall.objects.values()))
    assert person().id_number not in shown and "secret face" not in shown


def test_a_face_check_serves_once_whatever_for(holder):
    proven_with = f"face of {holder.openid}"

    assert problem(holder.post(f"{URL}/unlock", {"face_token": proven_with})) == (
        409, "face-token-used",
    )  # fmt: skip
    assert holder.post(f"{URL}/unlock", {"face_token": "another"}).status_code == 204
    again = holder.put(URL, {"password": SECOND, "face_token": "another"})
    assert problem(again) == (409, "face-token-used")


def test_a_face_check_that_unlocked_does_not_prove_an_identity(holder):
    holder.post(f"{URL}/unlock", {"face_token": "my face"})
    other = Phone("another", device_number=2).log_in()
    wait(30)

    assert problem(other.identify(person(2), face_token="my face")) == (409, "face-token-used")


def test_five_face_checks_a_day_are_made(holder):
    faces = [f"sandbox:score={score}" for score in range(50, 56)]

    answers = [holder.post(f"{URL}/unlock", {"face_token": face}) for face in faces]

    assert [problem(answer)[1] for answer in answers] == ["face-refused"] * 5 + ["too-many-tries"]
    assert UsedFaceToken.objects.count() == 5


@pytest.mark.parametrize("body", [{}, {"face_token": None}, {"face_token": 1}, {"face": "x"}])
def test_an_unlocking_without_a_face_is_refused(holder, body):
    assert problem(holder.post(f"{URL}/unlock", body)) == (400, "invalid-input")


def test_the_last_four_passwords_are_not_taken_again(holder):
    passwords = [FIRST, *(f"Abcd123{n}x" for n in range(4))]
    for old, new in pairwise(passwords):
        assert holder.put(URL, {"password": new, "current_password": old}).status_code == 200

    *_, current = passwords
    answers = [
        holder.put(URL, {"password": one, "current_password": current}) for one in passwords[1:]
    ]

    assert {problem(answer) for answer in answers} == {(422, "password-used-before")}
    assert len(digests()) == 4
    fifth = holder.put(URL, {"password": FIRST, "current_password": current})
    assert fifth.status_code == 200


def test_whether_a_password_was_used_before_is_shown_to_its_owner_alone(holder):
    answer = holder.put(URL, {"password": FIRST, "current_password": WRONG})

    assert problem(answer) == (403, "password-wrong")


def test_each_wrong_try_says_how_many_are_left(holder):
    answers = guess_wrong(holder)

    assert [answer["left"] for answer in answers] == [4, 3, 2, 1, 0]


def test_after_five_wrong_tries_not_even_the_right_one_is_looked_at(holder):
    guess_wrong(holder)

    answer = authorise(holder, FIRST)

    assert problem(answer) == LOCKED
    assert answer.json()["available_at"] == "2026-12-25T00:00:00+08:00"
    change = holder.put(URL, {"password": SECOND, "current_password": FIRST})
    assert problem(change) == LOCKED


def test_right_tries_between_wrong_ones_are_not_counted(holder):
    for _ in range(4):
        guess_wrong(holder, 1)
        assert authorise(holder).status_code == 201

    assert guess_wrong(holder, 1)[0]["left"] == 0


def test_the_next_day_of_the_machine_ends_the_lock(holder, stopped_clock):
    guess_wrong(holder)
    midnight = AT.replace(hour=0) + timedelta(days=1)
    stopped_clock.move_to(midnight - timedelta(seconds=1))
    assert problem(authorise(holder.log_in())) == LOCKED

    stopped_clock.move_to(midnight)

    assert authorise(holder).status_code == 201


def test_the_next_day_of_the_product_does_not_end_the_lock(holder):
    guess_wrong(holder)

    wait(2)

    assert problem(authorise(holder)) == LOCKED


def test_a_face_ends_the_lock(holder):
    guess_wrong(holder)

    answer = holder.post(f"{URL}/unlock", {"face_token": "my face"})

    assert answer.status_code == 204
    assert authorise(holder).status_code == 201
    assert [one["left"] for one in guess_wrong(holder, 2)] == [4, 3]


def test_a_password_changed_with_a_face_is_not_locked(holder):
    guess_wrong(holder)

    holder.put(URL, {"password": SECOND, "face_token": "my face"})

    assert authorise(holder, SECOND).status_code == 201


def test_a_face_that_is_refused_leaves_the_lock(holder):
    guess_wrong(holder)

    holder.post(f"{URL}/unlock", {"face_token": "sandbox:score=79.9"})

    assert problem(authorise(holder)) == LOCKED


def test_a_repeated_request_does_not_use_a_second_try(holder):
    body = {"password": SECOND, "current_password": WRONG}

    answers = [holder.put(URL, body, **{"Idempotency-Key": "one"}) for _ in range(3)]

    assert [answer.json()["left"] for answer in answers] == [4, 4, 4]
    assert guess_wrong(holder, 1)[0]["left"] == 3


def test_a_repeated_unlocking_is_answered_again(holder):
    sent = ({"face_token": "my face"}, {"Idempotency-Key": "one"})

    answers = [holder.post(f"{URL}/unlock", sent[0], **sent[1]) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]


def test_an_expired_password_can_still_be_changed(holder):
    wait(90)

    answer = holder.put(URL, {"password": SECOND, "current_password": FIRST})

    assert answer.status_code == 200
    assert authorise(holder, SECOND).status_code == 201


def test_no_other_customer_is_locked_with_one(holder, another):
    guess_wrong(holder)

    another.put(URL, {"password": FIRST})

    assert authorise(another).status_code == 201


def test_a_consent_to_the_face_that_was_taken_back_is_asked_for(holder):
    consents.withdraw(holder.customer, purpose="biometrics", by="test", at=clock.now())

    answer = holder.post(f"{URL}/unlock", {"face_token": "my face"})

    assert problem(answer) == (409, "consent-missing")
    assert not UsedFaceToken.objects.exists()
