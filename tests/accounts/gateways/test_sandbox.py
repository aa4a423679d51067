from datetime import date

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.cards.rules.card_numbers import AccountClass
from accounts.gateways import codes
from accounts.gateways.identity import CheckFault, IdentityChecks, Verdict
from accounts.gateways.sandbox import SandboxIdentityChecks, SandboxWechatLogin
from accounts.gateways.wechat import LoginError, LoginFault, WechatIdentity, WechatLogin

PASS = (Verdict.MATCH, "0")
TIMEOUT = (Verdict.UNAVAILABLE, CheckFault.TIMEOUT)


def verdict_of(answer):
    return answer.verdict, answer.code


def face(token, attempt=1):
    return SandboxIdentityChecks().check_face(
        name="张三丰", id_number="1", face_token=token, attempt=attempt
    )


def seen(token, attempt=1):
    answer = face(token, attempt)
    return answer.is_live, answer.similarity_permille, answer.tags


def identity(name, attempt=1):
    return verdict_of(
        SandboxIdentityChecks().check_identity(name=name, id_number="1", attempt=attempt)
    )


def card(phone, attempt=1):
    return SandboxIdentityChecks().check_card(
        name="张三丰", id_number="1", card_number="2", phone=phone, attempt=attempt
    )


# --- logins ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "identity"),
    [
        ("sandbox:anna", WechatIdentity("anna", date(2015, 1, 1))),
        ("sandbox:anna;since=2026-06-24", WechatIdentity("anna", date(2026, 6, 24))),
        ("sandbox:anna;since=unknown", WechatIdentity("anna", None)),
        ("sandbox:sandbox:x", WechatIdentity("sandbox:x", date(2015, 1, 1))),
    ],
)
def test_a_code_of_the_sandbox_names_the_openid(code, identity):
    login: WechatLogin = SandboxWechatLogin()

    assert login.identify(code) == identity


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("sandbox!busy", LoginFault.BUSY),
        ("sandbox!bad-code", LoginFault.BAD_CODE),
        ("sandbox!blocked", LoginFault.BLOCKED),
        ("sandbox!too-often", LoginFault.TOO_OFTEN),
        ("sandbox!timeout", LoginFault.TIMEOUT),
        ("sandbox!else", LoginFault.BAD_CODE),
        ("sandbox:", LoginFault.BAD_CODE),
        ("sandbox:;since=unknown", LoginFault.BAD_CODE),
        ("sandbox:a;since=", LoginFault.BAD_CODE),
        ("sandbox:a;since=2026-02-30", LoginFault.BAD_CODE),
        ("sandbox:a;since=20260101", LoginFault.BAD_CODE),
        ("sandbox:a;until=2026-01-01", LoginFault.BAD_CODE),
        (f"sandbox:{'a' * 65}", LoginFault.BAD_CODE),
        ("sandbox:a b", LoginFault.BAD_CODE),
        ("0a3xYz", LoginFault.BAD_CODE),
        ("", LoginFault.BAD_CODE),
    ],
)
def test_any_other_code_is_refused_as_scripted(code, fault):
    with pytest.raises(LoginError) as caught:
        SandboxWechatLogin().identify(code)

    assert (caught.value.fault, caught.value.code) == (fault, "")
    assert caught.value.__context__ is None


# --- name and number ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("张三丰", PASS, PASS),
        ("张不符", (Verdict.MISMATCH, "-1"), (Verdict.MISMATCH, "-1")),
        ("张查无", (Verdict.NO_RECORD, "-5"), (Verdict.NO_RECORD, "-5")),
        ("张停机", (Verdict.UNAVAILABLE, "-4"), (Verdict.UNAVAILABLE, "-4")),
        ("张稍候", TIMEOUT, PASS),
        ("不符张", PASS, PASS),
    ],
)
def test_the_end_of_the_name_says_what_happens(name, first, second):
    assert [identity(name, attempt) for attempt in (1, 2)] == [first, second]


# --- faces -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "is_live", "permille", "tags"),
    [
        ("a token of a phone", True, 920, ()),
        ("", True, 920, ()),
        ("score=10", True, 920, ()),
        ("sandbox:", True, 920, ()),
        ("sandbox:0123abcd", True, 920, ()),
        ("sandbox:score=75", True, 750, ()),
        ("sandbox:score=79.9", True, 799, ()),
        ("sandbox:score=0", True, 0, ()),
        ("sandbox:score=100", True, 1000, ()),
        ("sandbox:score=100.9", True, 1000, ()),
        ("sandbox:down=0", True, 920, ()),
        ("sandbox:down=9999999", True, 920, ()),
        ("sandbox:tag=04,tag=x,tag=004,tag=", True, 920, ("04",)),
        ("sandbox:not-live", False, None, ()),
        ("sandbox:not-live,tag=04,tag=03", False, None, ("04", "03")),
    ],
)
def test_the_words_of_a_face_token_say_what_is_seen(token, is_live, permille, tags):
    assert face(token).verdict is Verdict.MATCH
    assert seen(token) == (is_live, permille, tags)


@pytest.mark.parametrize(
    ("token", "answer"),
    [
        ("sandbox:other-person", (Verdict.MISMATCH, CheckFault.FACE_OTHER_PERSON)),
        ("sandbox:invalid,score=99", (Verdict.INVALID, "InvalidParameterValue.BizTokenIllegal")),
    ],
)
def test_a_face_token_can_be_refused(token, answer):
    assert verdict_of(face(token)) == answer
    assert seen(token) == (False, None, ())


@pytest.mark.parametrize(
    ("token", "attempts_lost"),
    [("sandbox:down", 9), ("sandbox:down=2", 2), ("sandbox:late", 1), ("sandbox:score=75,late", 1)],
)
def test_a_face_check_can_be_lost_for_some_attempts(token, attempts_lost):
    lost = [attempt for attempt in range(1, 10) if verdict_of(face(token, attempt)) == TIMEOUT]

    assert lost == list(range(1, attempts_lost + 1))


def test_a_late_answer_is_the_one_of_the_other_words():
    assert seen("sandbox:late,score=75", attempt=2) == (True, 750, ())


def test_each_face_check_that_is_begun_has_a_token_of_its_own_that_passes():
    checks: IdentityChecks = SandboxIdentityChecks()

    first, second = (checks.begin_face(name="张三丰", id_number="1") for _each in range(2))

    assert verdict_of(first) == verdict_of(second) == PASS
    assert first.face_token != second.face_token
    assert seen(first.face_token) == (True, 920, ())


# --- cards -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, 22))
def test_a_phone_can_ask_for_every_result_of_the_card_check(number):
    answer = card(f"1990000{number:02}00")

    assert verdict_of(answer) == (codes.CARD[f"-{number}"], f"-{number}")
    assert answer.verdict is not Verdict.MATCH
    assert answer.account_class is AccountClass.UNKNOWN


@pytest.mark.parametrize(
    ("phone", "account_class"),
    [
        ("19900010000", AccountClass.UNKNOWN),
        ("19900010001", AccountClass.I),
        ("19900010002", AccountClass.II),
        ("19900010003", AccountClass.III),
        ("13800000001", AccountClass.I),
        ("19900000000", AccountClass.I),
        ("19900002200", AccountClass.I),
    ],
)
def test_a_phone_can_ask_for_a_class_of_account(phone, account_class):
    answer = card(phone)

    assert (*verdict_of(answer), answer.account_class) == (*PASS, account_class)


@pytest.mark.parametrize(("phone", "second"), [("19900020000", TIMEOUT), ("19900020001", PASS)])
def test_a_card_check_can_be_lost(phone, second):
    assert [verdict_of(card(phone, attempt)) for attempt in (1, 2)] == [TIMEOUT, second]


# --- where it may be used ----------------------------------------------------------------------


@pytest.mark.parametrize("provider", [SandboxWechatLogin, SandboxIdentityChecks])
def test_outside_a_sandbox_no_sandbox_provider_can_be_made(settings, provider):
    settings.SANDBOX = False

    with pytest.raises(ImproperlyConfigured, match="SANDBOX=1"):
        provider()
