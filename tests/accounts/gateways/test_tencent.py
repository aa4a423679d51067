import inspect
import json
import logging
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tencentcloud.faceid.v20180301 import errorcodes

from accounts.gateways import codes
from accounts.gateways.identity import (
    AccountClass,
    CardAnswer,
    CheckFault,
    FaceAnswer,
    FaceStart,
    IdentityAnswer,
    IdentityChecks,
    Verdict,
)
from accounts.gateways.tencent import _face, _permille
from tests.accounts.gateways import tc3
from tests.accounts.gateways.conftest import (
    HASTY_SECONDS,
    KEY,
    KEY_ID,
    REQUEST_ID,
    failing,
    saying,
    signed_only,
    tencent_at,
)
from tests.accounts.gateways.misbehaviour import SILENT, SLOW, redirects, with_status

NAME, ID_NUMBER = "张三丰", "11010119900307001X"
CARD_NUMBER, PHONE = "6217000000000000017", "13800000001"
TOKEN = "BizToken-0001"
TEXT = {
    "ErrCode": 0,
    "ErrMsg": "成功",
    "IdCard": ID_NUMBER,
    "Name": NAME,
    "LiveStatus": 0,
    "Comparestatus": 0,
    "Sim": "92.00",
    "LivenessInfoTag": None,
}
SECRETS = (KEY, NAME, ID_NUMBER, CARD_NUMBER, PHONE, TOKEN, "\\u5f20")
DOWN = (Verdict.UNAVAILABLE, CheckFault.INVALID_REPLY)


def identity(checks):
    return checks.check_identity(name=NAME, id_number=ID_NUMBER, attempt=1)


def face(checks):
    return checks.check_face(name=NAME, id_number=ID_NUMBER, face_token=TOKEN, attempt=1)


def card(checks):
    return checks.check_card(
        name=NAME, id_number=ID_NUMBER, card_number=CARD_NUMBER, phone=PHONE, attempt=1
    )


def start(checks):
    return checks.begin_face(name=NAME, id_number=ID_NUMBER)


ASKS = [identity, face, card, start]
GOOD = {
    identity: {"Result": "0", "Description": "认证通过"},
    face: {"Text": TEXT},
    card: {"Result": "0", "Description": "认证通过"},
    start: {"BizToken": TOKEN, "Url": "https://example.invalid/"},
}


def verdict_of(answer):
    return answer.verdict, answer.code


# --- what is asked -----------------------------------------------------------------------------


def test_the_signature_of_the_tests_is_the_one_published():
    body = (
        rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    )
    headers = {"content-type": "application/json; charset=utf-8", "host": "cvm.tencentcloudapi.com"}

    signature = tc3.signature(
        "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", service="cvm", timestamp=1551113065,
        headers=headers, body=body,
    )  # fmt: skip

    assert signature == "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"


@pytest.mark.parametrize(
    ("ask", "action", "asked"),
    [
        (identity, "IdCardVerification", {"IdCard": ID_NUMBER, "Name": NAME}),
        (
            face,
            "GetDetectInfoEnhanced",
            {"BizToken": TOKEN, "RuleId": "7", "InfoType": "1"},
        ),
        (
            card,
            "BankCard4EVerification",
            {
                "Name": NAME, "BankCard": CARD_NUMBER, "Phone": PHONE, "IdCard": ID_NUMBER,
                "CertType": 0,
            },
        ),
        (start, "DetectAuth", {"RuleId": "7", "IdCard": ID_NUMBER, "Name": NAME}),
    ],
)  # fmt: skip
def test_each_check_asks_one_signed_question(server, tencent, ask, action, asked):
    server.behave = saying(GOOD[ask])

    answer = ask(tencent)

    [(method, path, headers, body)] = server.asked
    assert (method, path, json.loads(body)) == ("POST", "/", asked)
    assert headers["X-TC-Action"] == action
    assert (headers["X-TC-Version"], headers["X-TC-Region"]) == ("2018-03-01", "ap-guangzhou")
    assert (answer.verdict, answer.request_id) == (Verdict.MATCH, REQUEST_ID)


def test_the_letter_of_an_id_number_is_asked_in_capitals(server, tencent):
    server.behave = saying(GOOD[face])

    answer = tencent.check_face(
        name=NAME, id_number=ID_NUMBER.lower(), face_token=TOKEN, attempt=1
    )  # fmt: skip
    tencent.check_identity(name=NAME, id_number=ID_NUMBER.lower(), attempt=1)

    assert answer.verdict is Verdict.MATCH
    assert json.loads(server.asked[1][3])["IdCard"] == ID_NUMBER


@pytest.mark.parametrize(
    "wrong", [{"secret_key": "another"}, {"secret_id": "another"}, {"secret_id": KEY_ID[:-1]}]
)
def test_wrong_keys_are_no_verdict_and_an_error_in_the_log(server, caplog, wrong):
    server.behave = saying(GOOD[identity])

    with tencent_at(server, **wrong) as checks:
        answer = identity(checks)

    assert verdict_of(answer) == (Verdict.UNAVAILABLE, CheckFault.UNAUTHORISED)
    [record] = [each for each in caplog.records if each.levelname == "ERROR"]
    assert record.name == "accounts.gateways.tencent"
    assert not [secret for secret in (*SECRETS, "another") if secret in caplog.text]


def test_a_signature_that_has_grown_old_is_no_verdict(server, tencent, monkeypatch):
    monkeypatch.setattr(tc3, "AGE_SECONDS_MAX", -1)
    server.behave = saying(GOOD[identity])

    assert verdict_of(identity(tencent)) == (Verdict.UNAVAILABLE, CheckFault.UNAUTHORISED)


def test_proxies_of_the_environment_are_not_asked(server, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.behave = saying(GOOD[identity])

    with tencent_at(server) as checks:
        assert identity(checks).verdict is Verdict.MATCH


def test_the_client_is_a_provider_of_checks(tencent):
    opened: IdentityChecks = tencent

    assert opened.name == "tencent-faceid"


# --- good answers ------------------------------------------------------------------------------


def test_good_answers_are_read_exactly(server, tencent):
    answers = []
    for ask in ASKS:
        server.behave = saying(GOOD[ask])
        answers.append(ask(tencent))

    assert answers == [
        IdentityAnswer(Verdict.MATCH, "0", REQUEST_ID),
        FaceAnswer(Verdict.MATCH, "0", REQUEST_ID, True, 920, ()),
        CardAnswer(Verdict.MATCH, "0", REQUEST_ID, AccountClass.UNKNOWN),
        FaceStart(Verdict.MATCH, "0", REQUEST_ID, TOKEN),
    ]


@pytest.mark.parametrize(
    ("ask", "table", "last"), [(identity, codes.IDENTITY, 7), (card, codes.CARD, 21)]
)
def test_every_documented_result_has_its_verdict(server, tencent, ask, table, last):
    documented = [str(-number) for number in range(last + 1)]

    for code in documented:
        server.behave = saying({"Result": code, "Description": NAME})
        assert verdict_of(ask(tencent)) == (table[code], code)

    assert sorted(table) == sorted(documented)
    assert [code for code in table if table[code] is Verdict.MATCH] == ["0"]


@pytest.mark.parametrize(
    ("ask", "code", "verdict"),
    [
        (identity, "-1", Verdict.MISMATCH),
        (identity, "-2", Verdict.INVALID),
        (identity, "-3", Verdict.INVALID),
        (identity, "-4", Verdict.UNAVAILABLE),
        (identity, "-5", Verdict.NO_RECORD),
        (identity, "-6", Verdict.UNAVAILABLE),
        (identity, "-7", Verdict.UNAVAILABLE),
        (card, "-1", Verdict.MISMATCH),
        (card, "-5", Verdict.INVALID),
        (card, "-14", Verdict.MISMATCH),
        (card, "-18", Verdict.UNAVAILABLE),
        (card, "-19", Verdict.UNAVAILABLE),
        (card, "-20", Verdict.INVALID),
        (card, "-21", Verdict.MISMATCH),
        (identity, "-8", Verdict.UNAVAILABLE),
        (card, "-22", Verdict.UNAVAILABLE),
        (card, "-99", Verdict.UNAVAILABLE),
    ],
)
def test_results_of_each_kind_mean_this(server, tencent, ask, code, verdict):
    server.behave = saying({"Result": code})

    assert verdict_of(ask(tencent)) == (verdict, code)


# --- faces -------------------------------------------------------------------------------------


def saying_text(**other):
    return saying({"Text": TEXT | other})


@pytest.mark.parametrize(
    ("sim", "permille"),
    [
        ("75.51", 755), ("79.99", 799), ("80.00", 800), ("80", 800), ("69.9", 699),
        ("0.00", 0), ("0", 0), ("100.00", 1000), ("100", 1000), ("99.9999", 999), ("7.05", 70),
    ],
)  # fmt: skip
def test_a_similarity_is_floored_to_a_permille(server, tencent, sim, permille):
    server.behave = saying_text(Sim=sim)

    assert face(tencent) == FaceAnswer(Verdict.MATCH, "0", REQUEST_ID, True, permille, ())


@given(st.integers(0, 10_000))
def test_no_similarity_is_ever_raised_by_rounding(hundredths):
    assert _permille(f"{hundredths // 100}.{hundredths % 100:02}") == hundredths // 10


@pytest.mark.parametrize(
    "sim",
    [
        None, "", "-1.00", "100.01", "101", "1e2", "９２.00", "92.00\n", " 92.00", "92,00", "92.",
        "nan", "inf", 92, 92.0, True, ["92.00"], "0x50",
    ],
)  # fmt: skip
def test_a_similarity_of_another_form_is_no_answer(server, tencent, sim):
    server.behave = saying_text(Sim=sim)

    assert face(tencent) == FaceAnswer(*DOWN, REQUEST_ID)


def test_a_face_that_is_not_alive_is_reported_with_the_reasons(server, tencent):
    server.behave = saying_text(
        ErrCode=1005, LiveStatus=1005, Comparestatus=None, Sim=None,
        LivenessInfoTag=["04", "03", NAME, 5],
    )  # fmt: skip

    answer = face(tencent)

    assert answer == FaceAnswer(Verdict.MATCH, "1005", REQUEST_ID, False, None, ("04", "03"))


def test_a_face_that_is_not_alive_has_no_score_whatever_is_answered(server, tencent):
    server.behave = saying_text(LiveStatus=1002)

    answer = face(tencent)

    assert (answer.is_live, answer.similarity_permille) == (False, None)


def test_a_different_face_is_reported_with_its_score(server, tencent):
    server.behave = saying_text(ErrCode=2016, Comparestatus=2016, Sim="41.59")

    assert face(tencent) == FaceAnswer(Verdict.MATCH, "2016", REQUEST_ID, True, 415, ())


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"ErrCode": 2016, "Comparestatus": 2016}, "2016"),
        ({"ErrCode": 2001, "Comparestatus": 2001, "Sim": None}, "2001"),
        ({"ErrCode": 0, "Comparestatus": 2012, "Sim": "70.00"}, "2012"),
        ({"ErrCode": 3001}, "3001"),
        ({"ErrCode": 0, "Comparestatus": 2017, "Sim": "0.00"}, "2017"),
        ({"ErrCode": 3001, "Comparestatus": 0, "Sim": None}, "3001"),
    ],
)
def test_a_failure_with_a_good_score_or_with_none_is_no_pass(server, tencent, other, code):
    server.behave = saying_text(**other)

    assert face(tencent) == FaceAnswer(Verdict.UNAVAILABLE, code, REQUEST_ID)


# The ends of a face check that the service lists: no look, nobody living, no comparison.
OUTAGES = [4, 8, 10, 12, 13, 201, 202, 1001, 1006, 1007, 1008, 1105]
GHOSTS = [1002, 1003, 1004, 1005, 1101, 1102, 1103, 1104, 1106, 1107, 1108, 1109, 1201, 1205, 1301]
OTHERS = {
    Verdict.MISMATCH: [2006, 2008, 2011, 2015, 2016],
    Verdict.NO_RECORD: [2005, 2007, 2009],
    Verdict.INVALID: [2002, 2003, 2004, 2010, 2012, 2013, 2014],
    Verdict.UNAVAILABLE: [2001, 2017, 2018, 1005],
}


@pytest.mark.parametrize("code", OUTAGES)
def test_an_outage_of_the_provider_is_nobody_s_lack_of_life(server, tencent, code):
    server.behave = saying_text(ErrCode=code, LiveStatus=code, Comparestatus=None, Sim=None)

    assert face(tencent) == FaceAnswer(Verdict.UNAVAILABLE, str(code), REQUEST_ID)


@pytest.mark.parametrize("code", GHOSTS)
def test_each_way_of_not_being_alive_is_a_finished_check(server, tencent, code):
    server.behave = saying_text(ErrCode=code, LiveStatus=code, Comparestatus=None, Sim=None)

    assert face(tencent) == FaceAnswer(Verdict.MATCH, str(code), REQUEST_ID, False)


@pytest.mark.parametrize("code", [-1, 5, 999, 1000, 1400, 3001])
def test_a_look_that_ended_in_a_way_nobody_listed_says_nothing(server, tencent, code):
    server.behave = saying_text(ErrCode=code, LiveStatus=code, Comparestatus=None, Sim=None)

    assert face(tencent) == FaceAnswer(Verdict.UNAVAILABLE, str(code), REQUEST_ID)


@pytest.mark.parametrize(
    ("verdict", "code"), [(verdict, code) for verdict in OTHERS for code in OTHERS[verdict]]
)
@pytest.mark.parametrize("sim", [None, "0.00"])
def test_each_failed_comparison_has_its_verdict(server, tencent, verdict, code, sim):
    server.behave = saying_text(ErrCode=code, Comparestatus=code, Sim=sim)

    seen = face(tencent)

    if code == 2016 and sim:
        assert seen == FaceAnswer(Verdict.MATCH, "2016", REQUEST_ID, True, 0)
    else:
        assert seen == FaceAnswer(verdict, str(code), REQUEST_ID)


@pytest.mark.parametrize("live", [None, 0])
@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (4, Verdict.UNAVAILABLE), (14, Verdict.INVALID), (15, Verdict.INVALID),
        (16, Verdict.INVALID), (17, Verdict.INVALID), (18, Verdict.UNAVAILABLE),
        (301, Verdict.MISMATCH), (302, Verdict.INVALID), (303, Verdict.INVALID),
    ],
)  # fmt: skip
def test_a_check_that_ended_before_the_comparison_has_its_verdict(
    server, tencent, code, verdict, live
):
    server.behave = saying_text(ErrCode=code, LiveStatus=live, Comparestatus=None, Sim=None)

    assert face(tencent) == FaceAnswer(verdict, str(code), REQUEST_ID)


@pytest.mark.parametrize("code", [1, 2, 3, 203, 204])
def test_a_check_that_we_have_set_up_wrongly_is_an_error_in_the_log(server, tencent, caplog, code):
    server.behave = saying_text(ErrCode=code, LiveStatus=None, Comparestatus=None, Sim=None)

    assert verdict_of(face(tencent)) == (Verdict.UNAVAILABLE, str(code))

    [record] = [each for each in caplog.records if each.levelname == "ERROR"]
    assert f"ended with {code}" in record.getMessage()


@given(st.integers(-10, 3_000), st.integers(-10, 3_000), st.sampled_from([None, "0.00", "92.00"]))
def test_no_code_but_that_of_success_makes_a_face_alive_and_alike(code, compared, sim):
    text = TEXT | {"ErrCode": code, "Comparestatus": compared, "Sim": sim}

    seen = _face(text, REQUEST_ID)

    is_good = seen.is_live and (seen.similarity_permille or 0) >= 700
    assert is_good == ((code, compared, sim) == (0, 0, "92.00"))


@pytest.mark.parametrize("other", [{"Name": "李四"}, {"IdCard": "110101199003070036"}])
def test_the_face_of_another_person_is_a_mismatch_however_good(server, tencent, other):
    server.behave = saying_text(**other)

    answer = face(tencent)

    assert answer == FaceAnswer(Verdict.MISMATCH, CheckFault.FACE_OTHER_PERSON, REQUEST_ID)


def test_a_face_that_nobody_has_shown_yet_is_not_a_pass(server, tencent):
    server.behave = saying_text(ErrCode=None, LiveStatus=None, Comparestatus=None, Sim=None)

    assert verdict_of(face(tencent)) == (Verdict.INVALID, CheckFault.FACE_NOT_DONE)


WRONG = [None, "", "0", True, False, 0.0, [], {}, 10**10, "MATCH"]


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("field", ["ErrCode", "LiveStatus", "Comparestatus"])
def test_a_status_of_another_kind_is_no_answer(server, tencent, field, value):
    server.behave = saying_text(**{field: value})

    assert face(tencent) == FaceAnswer(*DOWN, REQUEST_ID)


@pytest.mark.parametrize(
    "field", ["ErrCode", "LiveStatus", "Comparestatus", "Sim", "Name", "IdCard"]
)
def test_a_face_with_a_field_missing_is_no_answer(server, tencent, field):
    server.behave = saying({"Text": {name: TEXT[name] for name in TEXT if name != field}})

    assert face(tencent) == FaceAnswer(*DOWN, REQUEST_ID)


# --- what else it can say ----------------------------------------------------------------------

DOCUMENTED = sorted(
    code for name, code in inspect.getmembers(errorcodes) if name.isupper() and code
)
COMMON = [
    "AuthFailure.InvalidSecretId", "AuthFailure.MFAFailure", "AuthFailure.SecretIdNotFound",
    "AuthFailure.SignatureExpire", "AuthFailure.SignatureFailure", "AuthFailure.TokenFailure",
    "AuthFailure.UnauthorizedOperation", "FailedOperation", "InvalidAction", "InvalidRequest",
    "IpInBlacklist", "IpNotInWhitelist", "LimitExceeded", "MissingParameter", "NoSuchProduct",
    "NoSuchVersion", "RequestLimitExceeded.UinLimitExceeded", "RequestSizeLimitExceeded",
    "ResourceInUse", "ResourceInsufficient", "ResourceNotFound", "ResourceUnavailable",
    "ResponseSizeLimitExceeded", "ServiceUnavailable", "UnknownParameter", "UnsupportedProtocol",
    "UnsupportedRegion",
]  # fmt: skip
ANSWERS = {
    "FailedOperation.IdFormatError": Verdict.INVALID,
    "FailedOperation.NameFormatError": Verdict.INVALID,
    "FailedOperation.IdNameMisMatch": Verdict.MISMATCH,
    "FailedOperation.IdNoExistSystem": Verdict.NO_RECORD,
    "FailedOperation.InvalidTokenParameter": Verdict.INVALID,
    "InvalidParameter": Verdict.INVALID,
    "InvalidParameterValue": Verdict.INVALID,
    "InvalidParameterValue.BizTokenExpired": Verdict.INVALID,
    "InvalidParameterValue.BizTokenIllegal": Verdict.INVALID,
}


@pytest.mark.parametrize("code", [*DOCUMENTED, *COMMON])
def test_every_documented_error_has_its_verdict_and_a_code_that_can_be_kept(server, tencent, code):
    server.behave = failing(code)
    is_of_keys = code.startswith(("AuthFailure", "UnauthorizedOperation")) or "StsUnAuth" in code
    expected = CheckFault.UNAUTHORISED if is_of_keys else code[:40]

    answers = [ask(tencent) for ask in ASKS]

    assert {verdict_of(answer) for answer in answers} == {
        (ANSWERS.get(code, Verdict.UNAVAILABLE), expected)
    }  # fmt: skip
    assert {answer.request_id for answer in answers} == {REQUEST_ID}


@pytest.mark.parametrize("code", ["InvalidParameterValue.RuleIdNotExist", "UnsupportedOperation"])
def test_a_mistake_of_our_own_is_logged_as_an_error(server, tencent, caplog, code):
    server.behave = failing(code, message=f"{NAME} {ID_NUMBER}")

    assert verdict_of(start(tencent)) == (Verdict.UNAVAILABLE, code)

    [record] = [each for each in caplog.records if each.levelname == "ERROR"]
    assert code in record.getMessage()
    assert ID_NUMBER not in caplog.text


@pytest.mark.parametrize(
    "error",
    [None, "AuthFailure", [], {}, {"Code": None}, {"Code": ""}, {"Code": 7}, {"Code": ID_NUMBER},
     {"Code": NAME}, {"Code": "0"}, {"Code": "Internal Error"}],
)  # fmt: skip
@pytest.mark.parametrize("ask", ASKS)
def test_an_error_of_another_form_is_no_answer_even_beside_a_good_one(server, tencent, ask, error):
    server.behave = saying(GOOD[ask] | {"Error": error})

    assert verdict_of(ask(tencent)) == DOWN


@pytest.mark.parametrize(("behave", "fault"), SILENT)
@pytest.mark.parametrize("ask", ASKS)
def test_silence_of_each_kind_is_reported_by_its_fault(server, tencent, ask, behave, fault):
    server.behave = behave

    answer = ask(tencent)

    assert (*verdict_of(answer), answer.request_id) == (Verdict.UNAVAILABLE, fault, "")


@pytest.mark.parametrize("behave", SLOW)
def test_a_reply_that_takes_too_long_is_a_time_out(server, hasty_tencent, behave):
    server.behave = behave

    began = time.monotonic()

    assert identity(hasty_tencent) == IdentityAnswer(Verdict.UNAVAILABLE, CheckFault.TIMEOUT, "")
    assert time.monotonic() - began < 2 * HASTY_SECONDS


@pytest.mark.parametrize("status", [201, 302, 400, 401, 403, 404, 429, 500, 502, 503])
def test_no_status_but_200_is_an_answer(server, tencent, status):
    server.behave = with_status(status, {"Response": GOOD[identity] | {"RequestId": REQUEST_ID}})

    assert verdict_of(identity(tencent)) == DOWN


def test_nothing_is_asked_twice_or_of_another_address(server, tencent):
    for behave in (redirects, failing("InternalError"), failing("RequestLimitExceeded")):
        server.asked.clear()
        server.behave = behave
        identity(tencent)
        assert len(server.asked) == 1


@pytest.mark.parametrize("content_type", [None, "text/plain", "text/html", "application/json; x=y"])
def test_an_error_is_an_error_whatever_it_says_it_is(server, tencent, content_type):
    body = json.dumps({"Response": {"Error": {"Code": "InternalError"}, "Result": "0"}}).encode()
    headers = {"Content_Type": content_type} if content_type else {}
    server.behave = signed_only(lambda handler, _action, _asked: handler.reply(body, **headers))

    assert verdict_of(identity(tencent)) == (Verdict.UNAVAILABLE, "InternalError")


@pytest.mark.parametrize("response", [None, [], "0", 0, True])
@pytest.mark.parametrize("ask", ASKS)
def test_a_response_of_another_kind_is_no_answer(server, tencent, ask, response):
    server.behave = saying(response)

    assert verdict_of(ask(tencent)) == DOWN


@pytest.mark.parametrize(
    "result", [None, "", 0, False, 0.0, "00", "+0", "-0", " 0", "0\n", "０", []]
)
@pytest.mark.parametrize("ask", [identity, card])
def test_nothing_like_zero_is_zero(server, tencent, ask, result):
    server.behave = saying({"Result": result})

    assert ask(tencent).verdict is Verdict.UNAVAILABLE


@pytest.mark.parametrize("token", [None, "", 5, "x" * 201, "中", ["t"], "a b"])
def test_a_token_of_another_kind_is_no_answer(server, tencent, token):
    server.behave = saying({"BizToken": token})

    assert start(tencent) == FaceStart(*DOWN, REQUEST_ID)


@pytest.mark.parametrize("request_id", [None, 5, f"{NAME}", "x" * 65, ["x"]])
def test_a_request_id_of_another_kind_is_left_out(server, tencent, request_id):
    response = {"Result": "0", "RequestId": request_id}
    server.behave = signed_only(
        lambda handler, _action, _asked: handler.say({"Response": response})
    )

    assert identity(tencent) == IdentityAnswer(Verdict.MATCH, "0", "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["0", "-1", "92.00", NAME, "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
ANY = dict.fromkeys(("Result", "Error", "BizToken"), JSON)
ANY_TEXT = {name: JSON | st.just(TEXT[name]) for name in TEXT}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.fixed_dictionaries({}, optional=ANY | {"Text": st.fixed_dictionaries({}, optional=ANY_TEXT)})
)
def test_nothing_but_the_documented_success_is_a_match(server, tencent, fields):
    server.behave = saying(fields)
    text = fields.get("Text", {})
    is_error = "Error" in fields
    is_ours = (text.get("Name"), text.get("IdCard")) == (NAME, ID_NUMBER)

    is_passed = [ask(tencent).verdict is Verdict.MATCH for ask in (identity, card)]
    seen = face(tencent)

    assert is_passed == [not is_error and fields.get("Result") == "0"] * 2
    if seen.verdict is Verdict.MATCH:
        assert is_ours and not is_error
    if seen.is_live and seen.similarity_permille >= 700:
        assert text["Sim"] == "92.00"
        assert [text[name] for name in ("ErrCode", "LiveStatus", "Comparestatus")] == [0, 0, 0]


# --- what must not leave -----------------------------------------------------------------------


def echo(handler, _action, asked):
    """Repeat everything that was asked in every field there is."""
    all_of_it = " ".join(map(str, asked.values()))
    error = {"Code": all_of_it, "Message": all_of_it}
    handler.say({"Response": {"Error": error, "RequestId": all_of_it, "Result": all_of_it}})


ECHOES = [
    signed_only(echo),
    failing("FailedOperation.IdNameMisMatch", message=f"{NAME} {ID_NUMBER} {CARD_NUMBER}"),
    saying({"Result": ID_NUMBER, "Description": NAME, "BizToken": NAME, "Text": {"Name": NAME}}),
    lambda handler, body: handler.reply(body, status=500),
    lambda handler, body: handler.reply(body),
    redirects,
]


@pytest.mark.parametrize("behave", ECHOES)
def test_nothing_secret_is_logged_or_shown(server, tencent, caplog, behave):
    caplog.set_level(logging.DEBUG)
    for name in ("tencentcloud_sdk_common", "httpx", "httpcore.http11", "httpcore.connection"):
        caplog.set_level(logging.DEBUG, logger=name)
    server.behave = behave

    answers = [ask(tencent) for ask in ASKS]

    assert not [answer for answer in answers if answer.verdict is Verdict.MATCH]
    shown = caplog.text + repr(answers) + repr(tencent)
    assert not [secret for secret in SECRETS if secret in shown]


def test_nothing_of_a_pass_is_logged_either(server, tencent, caplog):
    caplog.set_level(logging.DEBUG, logger="tencentcloud_sdk_common")
    server.behave = saying(GOOD[card])

    card(tencent)

    assert not [secret for secret in SECRETS if secret in caplog.text]
