"""The providers that the settings name; in a sandbox without them, those of the sandbox."""

from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.gateways.identity import IdentityChecks
from accounts.gateways.sandbox import SandboxIdentityChecks, SandboxWechatLogin
from accounts.gateways.wechat import WechatLogin
from accounts.gateways.wechat_http import HttpWechatLogin

# What must be set, each with an example.
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
    """Return the login with WeChat; in a sandbox that names no app, the sandbox's.

    Raises:
        ImproperlyConfigured: a setting is missing or no good; says which, with an example.
    """
    if not _are_set(_WECHAT):
        return SandboxWechatLogin()
    url = settings.WECHAT_URL or _WECHAT_URL
    if not settings.SANDBOX and not url.startswith("https://"):
        raise ImproperlyConfigured(
            f"WECHAT_URL must begin with https://, for the secret is sent there, for example "
            f"WECHAT_URL={_WECHAT_URL}"
        )
    return _wechat_login(url, settings.WECHAT_APP_ID, settings.WECHAT_SECRET)


def identity_checks() -> IdentityChecks:
    """Return the checks of identity, face and card; in a sandbox without keys, the sandbox's.

    Raises:
        ImproperlyConfigured: a setting is missing; says which, with an example.
    """
    if not _are_set(_TENCENT):
        return SandboxIdentityChecks()
    return _identity_checks(
        settings.TENCENT_SECRET_ID,
        settings.TENCENT_SECRET_KEY,
        settings.TENCENT_REGION or _TENCENT_REGION,
        settings.TENCENT_ENDPOINT or _TENCENT_ENDPOINT,
        settings.TENCENT_RULE_ID,
    )


def _are_set(examples: dict[str, str]) -> bool:
    """Say whether a provider is named; half of a name is a mistake in a sandbox, too."""
    missing = [name for name in examples if not getattr(settings, name)]
    if missing and (not settings.SANDBOX or len(missing) < len(examples)):
        raise ImproperlyConfigured(
            f"{missing[0]} is not set. Only a sandbox can do without the provider, and only "
            f"without the whole of it. Put it into the environment or .env, for example "
            f"{missing[0]}={examples[missing[0]]}"
        )
    return not missing


# One connection a process, for as long as the settings stay the same.
@lru_cache(maxsize=1)
def _wechat_login(url: str, app_id: str, secret: str) -> WechatLogin:
    return HttpWechatLogin(url, app_id, secret)


@lru_cache(maxsize=1)
def _identity_checks(
    secret_id: str, secret_key: str, region: str, endpoint: str, rule_id: str
) -> IdentityChecks:
    # The SDK costs every process memory and time; one that checks nobody does without it.
    from accounts.gateways.tencent import CloudAccount, TencentIdentityChecks

    account = CloudAccount(secret_id, secret_key, region, rule_id)
    return TencentIdentityChecks(account, endpoint=endpoint)
