"""The providers that the settings name; in a sandbox without them, those of the sandbox."""

from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.gateways.identity import IdentityChecks
from accounts.gateways.sandbox import SandboxIdentityChecks, SandboxWechatLogin
from accounts.gateways.tencent import TencentIdentityChecks
from accounts.gateways.wechat import WechatLogin
from accounts.gateways.wechat_http import HttpWechatLogin

_WECHAT = {"WECHAT_APP_ID": "wx0123456789abcdef", "WECHAT_SECRET": "<secret of the mini program>"}
_TENCENT = {
    "TENCENT_SECRET_ID": "<id of the key>",
    "TENCENT_SECRET_KEY": "<key>",
    "TENCENT_RULE_ID": "1",
}
_WECHAT_URL = "https://api.weixin.qq.com"
_TENCENT_ENDPOINT = "faceid.tencentcloudapi.com"
_TENCENT_REGION = "ap-guangzhou"


def wechat_login() -> WechatLogin:
    """Return the login.

    Raises:
        ImproperlyConfigured: outside a sandbox a name is missing; says which, with an example.
    """
    if _is_sandboxed(_WECHAT):
        return SandboxWechatLogin()
    return _wechat_login(settings.WECHAT_URL, settings.WECHAT_APP_ID, settings.WECHAT_SECRET)


def identity_checks() -> IdentityChecks:
    """Return the checks of identity, face and card.

    Raises:
        ImproperlyConfigured: outside a sandbox a name is missing; says which, with an example.
    """
    if _is_sandboxed(_TENCENT):
        return SandboxIdentityChecks()
    return _identity_checks(
        settings.TENCENT_SECRET_ID,
        settings.TENCENT_SECRET_KEY,
        settings.TENCENT_REGION,
        settings.TENCENT_ENDPOINT,
        settings.TENCENT_RULE_ID,
    )


def _is_sandboxed(names: dict[str, str]) -> bool:
    missing = [name for name in names if not getattr(settings, name)]
    if missing and not settings.SANDBOX:
        raise ImproperlyConfigured(
            f"{missing[0]} is not set, and only a sandbox can do without it. Put it into the "
            f"environment or .env, for example {missing[0]}={names[missing[0]]}"
        )
    return bool(missing)


# One connection a process, for as long as the settings stay the same.
@cache
def _wechat_login(url: str, app_id: str, secret: str) -> WechatLogin:
    return HttpWechatLogin(url or _WECHAT_URL, app_id, secret)


@cache
def _identity_checks(
    secret_id: str, secret_key: str, region: str, endpoint: str, rule_id: str
) -> IdentityChecks:
    return TencentIdentityChecks(
        secret_id,
        secret_key,
        region=region or _TENCENT_REGION,
        endpoint=endpoint or _TENCENT_ENDPOINT,
        rule_id=rule_id,
    )
