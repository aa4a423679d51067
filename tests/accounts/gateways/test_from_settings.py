import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.gateways import from_settings
from accounts.gateways.from_settings import identity_checks, wechat_login
from accounts.gateways.sandbox import SandboxIdentityChecks, SandboxWechatLogin
from accounts.gateways.tencent import TencentIdentityChecks
from accounts.gateways.wechat_http import HttpWechatLogin
from tests.accounts.gateways.conftest import APP_ID, APP_SECRET, KEY, KEY_ID, saying

WECHAT = {"WECHAT_APP_ID": APP_ID, "WECHAT_SECRET": APP_SECRET}
TENCENT = {"TENCENT_SECRET_ID": KEY_ID, "TENCENT_SECRET_KEY": KEY, "TENCENT_RULE_ID": "7"}
DEFAULTED = ("WECHAT_URL", "TENCENT_REGION", "TENCENT_ENDPOINT")
BOTH = [(wechat_login, WECHAT), (identity_checks, TENCENT)]


@pytest.fixture
def configure(settings):
    """Return a function that sets these and no other settings; clients are closed at the end."""

    def configured(*, sandbox: bool, **given: str) -> None:
        settings.SANDBOX = sandbox
        for name in (*WECHAT, *TENCENT, *DEFAULTED):
            setattr(settings, name, given.get(name, ""))

    yield configured
    from_settings._wechat_login.cache_clear()
    from_settings._identity_checks.cache_clear()


def test_a_sandbox_without_settings_has_providers_of_its_own(configure):
    configure(sandbox=True)

    assert isinstance(wechat_login(), SandboxWechatLogin)
    assert isinstance(identity_checks(), SandboxIdentityChecks)


@pytest.mark.parametrize("sandbox", [True, False])
def test_whoever_names_the_providers_gets_the_real_ones_once_a_process(configure, sandbox):
    configure(sandbox=sandbox, **WECHAT, **TENCENT)

    login, checks = wechat_login(), identity_checks()

    assert isinstance(login, HttpWechatLogin)
    assert isinstance(checks, TencentIdentityChecks)
    assert (wechat_login(), identity_checks()) == (login, checks)


@pytest.mark.parametrize(("ask", "needed"), BOTH)
@pytest.mark.parametrize("sandbox", [True, False])
def test_a_setting_that_is_missing_is_named_with_an_example(configure, ask, needed, sandbox):
    for missing in needed:
        configure(sandbox=sandbox, **{name: needed[name] for name in needed if name != missing})

        with pytest.raises(ImproperlyConfigured, match=f"{missing} is not set.*{missing}=.") as no:
            ask()
        assert APP_SECRET not in str(no.value)
        assert KEY not in str(no.value)


@pytest.mark.parametrize(("ask", "needed"), BOTH)
def test_outside_a_sandbox_nobody_gets_a_provider_of_the_sandbox(configure, ask, needed):
    configure(sandbox=False)

    with pytest.raises(ImproperlyConfigured, match=next(iter(needed))):
        ask()


def test_outside_a_sandbox_the_secret_is_not_sent_in_the_clear(configure):
    configure(sandbox=False, WECHAT_URL="http://127.0.0.1:9", **WECHAT)

    with pytest.raises(ImproperlyConfigured, match="WECHAT_URL must begin with https://"):
        wechat_login()


def test_other_settings_make_another_client(configure):
    configure(sandbox=True, **WECHAT)
    before = wechat_login()

    configure(sandbox=True, **WECHAT | {"WECHAT_SECRET": "a new one"})

    assert wechat_login() is not before


def test_the_address_of_the_settings_is_the_one_that_is_asked(configure, server):
    configure(sandbox=True, WECHAT_URL=f"http://{server.host}", **WECHAT)
    server.behave = lambda handler, _body: handler.say({"openid": "oOPEN-id_1"})

    with wechat_login() as login:
        assert login.identify("code").openid == "oOPEN-id_1"

    assert server.asked[0][1].startswith("/sns/jscode2session?")


def test_addresses_have_the_defaults_of_the_providers(configure):
    configure(sandbox=True, **WECHAT, **TENCENT)

    login, checks = wechat_login(), identity_checks()

    assert login._url == "https://api.weixin.qq.com/sns/jscode2session"
    assert checks._client.profile.httpProfile.endpoint == "faceid.tencentcloudapi.com"
    assert checks._client.region == "ap-guangzhou"


def test_without_a_certificate_nobody_is_asked(configure, server):
    configure(sandbox=False, TENCENT_ENDPOINT=server.host, **TENCENT)
    server.behave = saying({"Result": "0"})

    with identity_checks() as checks:
        answer = checks.check_identity(name="张三丰", id_number="1", attempt=1)

    assert answer == ("unavailable", "UNREACHABLE", "")
    assert server.asked == []
