"""Devices that no genuine customer reports, at every step (ELIG-9, SEC-2, DEV-001, DEV-002)."""

import pytest

from accounts.models import BankCard, Consent, IdentityVerification, Profile
from backoffice.core.models import StateChange
from tests.accounts.api.conftest import problem
from tests.accounts.people import device

REFUSED = ("is_emulator", "is_rooted", "has_hook", "has_remote_control")
TELLING = ("emulat", "root", "jailbreak", "hook", "remote", "模拟器", "越狱", "权限")
STEPS = {
    "identity": lambda phone: phone.identify(),
    "card": lambda phone: phone.bind(),
    "consents": lambda phone: phone.put("me/consents/agreement", {"granted": True}),
    "profile": lambda phone: phone.put(
        "me/profile", {"monthly_income_fen": 800_000, "occupation": "employee"}
    ),
    "password": lambda phone: phone.put("me/transaction-password", {"password": "Sunny-day-2026"}),
}


def report(phone, **flags):
    """Log in again on the same device, which now reports these flags."""
    phone.device = device(1, **flags)
    return phone.log_in()


def stored():
    return [model.objects.count() for model in (IdentityVerification, BankCard, Consent, Profile)]


@pytest.mark.parametrize("flag", REFUSED)
def test_an_identity_is_not_verified_there(waited, flag):
    report(waited, **{flag: True})

    answer = waited.identify()

    assert problem(answer) == (403, "device-refused")
    assert stored() == [0, 0, 0, 0]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_refusal_does_not_tell_which_signal_it_was(waited, language):
    report(waited, is_emulator=True, is_rooted=True, has_hook=True)

    answer = waited.post(
        "me/identity",
        {"name": "张三丰", "id_number": "110101199003070038", "valid_until": None,
         "face_token": "x"},
        **{"accept-language": language},
    )  # fmt: skip

    assert problem(answer) == (403, "device-refused")
    reply = answer.content.decode().lower()
    assert [word for word in TELLING if word in reply] == []


@pytest.mark.parametrize(
    ("came_as_far_as", "step"),
    [
        ("waited", "identity"),
        ("identified", "card"),
        ("carded", "consents"),
        ("consented", "profile"),
        ("identified", "password"),
    ],
)
def test_no_step_is_taken_there(request, came_as_far_as, step):
    phone = request.getfixturevalue(came_as_far_as)
    before = stored()
    report(phone, is_emulator=True)

    assert problem(STEPS[step](phone)) == (403, "device-refused")
    assert stored() == before

    report(phone, is_emulator=False)
    assert STEPS[step](phone).status_code in (200, 201)


@pytest.mark.parametrize(
    ("flag", "indicator"), [("is_cloned_app", "DEV-005"), ("has_mock_location", "DEV-021")]
)
def test_a_person_decides_where_the_signal_is_no_proof(waited, flag, indicator):
    report(waited, **{flag: True})

    answer = waited.identify()

    assert (answer.status_code, answer.json()["state"]) == (202, "in_review")
    [referred] = StateChange.objects.filter(transition="refer")
    assert referred.facts == {"indicators": indicator}


def test_a_device_that_turned_while_the_provider_was_silent_needs_a_person(waited):
    from accounts import tasks

    waited.identify(face_token="sandbox:late")
    report(waited, is_rooted=True)

    tasks.check_identity({"id": IdentityVerification.objects.get().pk}, key="x")

    assert IdentityVerification.objects.get().state == "in_review"


def test_flags_that_block_nobody(waited):
    report(waited, is_debug=True, is_vpn=True, has_hook=None)

    assert waited.identify().status_code == 200


def test_nothing_is_drawn_there_but_what_is_owed_can_be_repaid(identified, cheap_hashing):
    assert STEPS["password"](identified).status_code == 200
    report(identified, is_rooted=True)
    body = {"password": "Sunny-day-2026", "amount_fen": 50_000}

    assert problem(identified.post("me/authorisations", body | {"purpose": "drawdown"})) == (
        403, "device-refused",
    )  # fmt: skip
    assert identified.post("me/authorisations", body | {"purpose": "settlement"}).status_code == 201
