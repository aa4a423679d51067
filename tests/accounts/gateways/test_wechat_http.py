import contextlib
import logging
import re
import time
import traceback
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.gateways.wechat import LoginError, LoginFault, WechatIdentity, WechatLogin
from accounts.gateways.wechat_http import HttpWechatLogin
from tests.accounts.gateways.conftest import APP_ID, APP_SECRET, HASTY_SECONDS
from tests.accounts.gateways.misbehaviour import SILENT, SLOW, redirects, with_status

CODE = "code-of-one-login"
SESSION_KEY, UNION_ID = "tiihtNczf5v6AKRyjwEUhQ==", "o6_bmasdasdsad6_2sgVt7hMZOPfL"
GOOD = {"openid": "oOPEN-id_1", "session_key": SESSION_KEY, "unionid": UNION_ID, "errcode": 0}
SECRETS = (APP_SECRET, CODE, SESSION_KEY, UNION_ID, "jscode2session")


def saying(content):
    return lambda handler, _body: handler.say(content)


def refused(wechat, code=CODE):
    """Return fault and code of a login that fails, and make sure that it tells nothing else."""
    with pytest.raises(LoginError) as caught:
        wechat.identify(code)
    error = caught.value
    trace = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert error.__context__ is None and error.__cause__ is None
    assert not [secret for secret in SECRETS if secret in trace]
    return error.fault, error.code


# --- what is asked, and the good answer --------------------------------------------------------


def test_a_code_gives_the_openid_and_nothing_else(server, wechat):
    opened: WechatLogin = wechat
    server.behave = saying(GOOD)

    identity = opened.identify(CODE)

    assert identity == WechatIdentity("oOPEN-id_1", None)
    assert SESSION_KEY not in repr(identity)
    assert UNION_ID not in repr(identity)


def test_exactly_the_four_documented_parameters_are_sent(server, wechat):
    server.behave = saying(GOOD)

    wechat.identify("a code/with+signs&more=1")

    [(method, path, headers, body)] = server.asked
    assert (method, urlsplit(path).path, body) == ("GET", "/sns/jscode2session", b"")
    assert parse_qs(urlsplit(path).query, strict_parsing=True) == {
        "appid": [APP_ID],
        "secret": [APP_SECRET],
        "js_code": ["a code/with+signs&more=1"],
        "grant_type": ["authorization_code"],
    }
    assert not {"Cookie", "Authorization", "Referer"} & set(headers)


def test_a_reply_without_an_error_code_is_good(server, wechat):
    server.behave = saying({"openid": "oOPEN-id_1", "session_key": SESSION_KEY})

    assert wechat.identify(CODE).openid == "oOPEN-id_1"


def test_the_connection_is_kept_and_cookies_are_not(server, wechat):
    ports = []

    def behave(handler, _body):
        ports.append(handler.client_address[1])
        handler.reply(b'{"openid": "oOPEN-id_1"}', Set_Cookie="track=1")

    server.behave = behave

    wechat.identify(CODE)
    wechat.identify(CODE)

    assert len(ports) == 2
    assert len(set(ports)) == 1
    assert "Cookie" not in server.asked[1][2]


def test_proxies_of_the_environment_are_not_asked(server, wechat, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.behave = saying(GOOD)

    with HttpWechatLogin(f"http://{server.host}/", APP_ID, APP_SECRET) as opened:
        assert opened.identify(CODE).openid == "oOPEN-id_1"


# --- what else it can say ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("errcode", "fault"),
    [
        (-1, LoginFault.BUSY),
        (40029, LoginFault.BAD_CODE),
        (40163, LoginFault.BAD_CODE),
        (41008, LoginFault.BAD_CODE),
        (40226, LoginFault.BLOCKED),
        (45011, LoginFault.TOO_OFTEN),
        (40013, LoginFault.REJECTED),
        (40125, LoginFault.REJECTED),
        (40002, LoginFault.REJECTED),
        (1, LoginFault.REJECTED),
    ],
)
def test_each_error_code_has_its_fault_even_beside_an_openid(server, wechat, errcode, fault):
    server.behave = saying(GOOD | {"errcode": errcode, "errmsg": f"{CODE} is not good"})

    assert refused(wechat) == (fault, str(errcode))


def test_a_mistake_of_our_own_is_logged_as_an_error_without_the_secret(server, wechat, caplog):
    server.behave = saying({"errcode": 40125, "errmsg": f"invalid appsecret {APP_SECRET}"})

    refused(wechat)

    [record] = [each for each in caplog.records if each.levelname == "ERROR"]
    assert "40125" in record.getMessage()
    assert APP_SECRET not in caplog.text


@pytest.mark.parametrize("errcode", ["0", "40029", True, False, None, 0.0, [], 10**20])
def test_an_error_code_of_another_kind_is_no_reply(server, wechat, errcode):
    server.behave = saying(GOOD | {"errcode": errcode})

    assert refused(wechat) == (LoginFault.INVALID_REPLY, "")


@pytest.mark.parametrize(
    "openid", [None, "", "short", 12345678, ["oOPEN-id_1"], "o" * 65, "o OPEN"]
)
def test_an_openid_of_another_kind_is_no_reply(server, wechat, openid):
    server.behave = saying(GOOD | {"openid": openid})

    assert refused(wechat) == (LoginFault.INVALID_REPLY, "")


def test_a_reply_that_cannot_be_read_is_logged_in_words_of_our_own(server, wechat, caplog):
    server.behave = with_status(502, {"errmsg": f"{CODE} {APP_SECRET}"})

    refused(wechat)

    assert caplog.messages == ["WeChat: a reply that cannot be read: HTTP 502"]


@pytest.mark.parametrize(("behave", "fault"), SILENT)
def test_silence_of_each_kind_has_its_fault(server, wechat, behave, fault):
    server.behave = behave

    assert refused(wechat)[0] == fault


@pytest.mark.parametrize("behave", SLOW)
def test_a_reply_that_takes_too_long_is_a_time_out(server, hasty_wechat, behave):
    server.behave = behave

    began = time.monotonic()

    assert refused(hasty_wechat) == (LoginFault.TIMEOUT, "")
    assert time.monotonic() - began < 2 * HASTY_SECONDS


@pytest.mark.parametrize("status", [201, 302, 400, 401, 403, 404, 429, 500, 502, 503])
def test_no_status_but_200_is_a_login(server, wechat, status):
    server.behave = with_status(status, GOOD)

    with pytest.raises(LoginError, match=f"^INVALID_REPLY HTTP {status}$") as caught:
        wechat.identify(CODE)

    assert (caught.value.code, caught.value.detail) == ("", f"HTTP {status}")


def test_a_redirect_is_not_followed(server, wechat):
    server.behave = redirects

    refused(wechat)

    assert len(server.asked) == 1


def test_nobody_there_is_unreachable():
    with HttpWechatLogin("http://127.0.0.1:9", APP_ID, APP_SECRET, timeout_seconds=0.3) as gone:
        assert refused(gone) == (LoginFault.UNREACHABLE, "")


@pytest.mark.parametrize(
    "url", ["", "api.weixin.qq.com", "ftp://127.0.0.1", "http://[", "http://a b"]
)
def test_an_address_that_is_none_tells_no_secret(url):
    with HttpWechatLogin(url, APP_ID, APP_SECRET, timeout_seconds=0.3) as lost:
        assert refused(lost) == (LoginFault.UNREACHABLE, "")


def test_a_code_that_cannot_be_written_tells_no_secret(wechat):
    assert refused(wechat, "\ud800") == (LoginFault.UNREACHABLE, "")


@pytest.mark.parametrize("behave", [saying(GOOD), saying({"errcode": 40029}), redirects])
def test_nothing_secret_is_logged_at_any_level(server, wechat, caplog, behave):
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
        caplog.set_level(logging.DEBUG, logger=name)
    server.behave = behave

    for _twice in range(2):
        with contextlib.suppress(LoginError):
            wechat.identify(CODE)

    assert not [secret for secret in SECRETS if secret in caplog.text]


def test_a_client_does_not_show_its_secret(wechat):
    assert APP_SECRET not in repr(wechat) + str(wechat)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


NO_OPENID = JSON.filter(
    lambda value: not isinstance(value, str) or not re.fullmatch("[0-9A-Za-z_-]{6,64}", value)
)
ANY = {"errcode": JSON, "openid": NO_OPENID, "errmsg": JSON}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.fixed_dictionaries({}, optional=ANY))
def test_no_other_object_is_a_login(server, wechat, content):
    server.behave = saying(content)

    _fault, code = refused(wechat)

    assert code in {"", str(content.get("errcode"))}
