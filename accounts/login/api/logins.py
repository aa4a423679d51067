"""Login through WeChat, the sessions of a customer, and their end."""

import logging
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.customers.rules.reasons import AccountReason
from accounts.gateways.from_settings import wechat_login
from accounts.gateways.wechat import LoginError, LoginFault, WechatIdentity
from accounts.login import operations as logins
from accounts.login.api.endpoint import CustomerEndpoint
from accounts.login.api.me import BriefReply, customer_brief
from accounts.models import LoginSession
from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import Endpoint
from backoffice.web.api.fields import Body, Choice, Flag, Secret, Text
from backoffice.web.api.paging import page
from backoffice.web.api.problems import NotFoundError

log = logging.getLogger(__name__)


class CodeError(Refused):
    """WeChat does not know the code, or it was used before."""

    status = HTTPStatus.UNAUTHORIZED
    code = "wechat-code-bad"
    message = _("WeChat does not accept this login code.")
    remedy = _("Call wx.login() for a new code; each one serves once and for five minutes.")


class BlockedError(Refused):
    """WeChat blocks the user as a high risk (LOG-032)."""

    status = HTTPStatus.FORBIDDEN
    code = "wechat-blocked"
    message = _("WeChat has blocked this user.")
    remedy = _("Settle it with WeChat; we cannot lift the block.")


class TooOftenError(Refused):
    """The user logs in more often than WeChat allows."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "wechat-too-often"
    message = _("You have logged in too often within a minute.")
    remedy = _("Wait a minute and try again.")


class WechatUnavailableError(Refused):
    """WeChat does not answer, or its answer cannot be read."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "wechat-unavailable"
    message = _("WeChat does not answer at the moment.")
    remedy = _("Try again in a few seconds.")


_OF_FAULT: dict[LoginFault, type[Refused]] = {
    LoginFault.BAD_CODE: CodeError,
    LoginFault.BLOCKED: BlockedError,
    LoginFault.TOO_OFTEN: TooOftenError,
}


class DeviceBody(Body):
    """What the client reports of its device."""

    fingerprint = Secret(max_length=128, min_length=8)
    model = Text(max_length=80)
    os = Choice(choices=["ios", "android", "harmony", "windows", "macos", "devtools"])
    os_version = Text(max_length=40)
    is_emulator = Flag()
    is_rooted = Flag()
    is_cloned_app = Flag(required=False, allow_null=True)
    is_debug = Flag(required=False, allow_null=True)
    is_vpn = Flag(required=False, allow_null=True)
    has_hook = Flag(required=False, allow_null=True)
    has_mock_location = Flag(required=False, allow_null=True)
    has_remote_control = Flag(required=False, allow_null=True)


class LoginBody(Body):
    """A code of wx.login() and the device it was made on."""

    code = Secret(max_length=200)
    device = DeviceBody()


class LoginReply(serializers.Serializer[Any]):
    """The token of a new session and whose it is."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    customer = BriefReply()


class WechatLoginView(Endpoint):
    """Log in with a code of WeChat."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @describe(
        "Log in with a code of WeChat",
        body=LoginBody,
        replies={200: LoginReply},
        refusals=(CodeError, BlockedError, TooOftenError, WechatUnavailableError),
    )
    def post(self, request: Request) -> Response:
        """Begin a session; a newcomer is registered and the cooling-off period begins."""
        body = self.read(LoginBody, request)
        identity = _identify(body["code"])
        device = logins.DeviceReport(**body["device"])
        arrival = logins.Arrival(
            identity.openid, identity.used_since_on, device, request.META.get("REMOTE_ADDR")
        )
        login = logins.log_in(arrival, at=clock.now(), wall_at=clock.wall())
        return Response(
            {
                "token": login.token,
                "expires_at": logins.expires_at(login.session),
                "customer": customer_brief(login.session.account.customer),
            }
        )


def _identify(code: str) -> WechatIdentity:
    try:
        return wechat_login().identify(code)
    except LoginError as error:
        refusal = _OF_FAULT.get(error.fault, WechatUnavailableError)
        if refusal is WechatUnavailableError:
            log.warning("WeChat login: %s %s", error.fault, error.code)
        raise refusal() from None


class LogoutView(CustomerEndpoint):
    """End the session that calls."""

    always_open = ("POST",)

    @describe("Log out", replies={204: None})
    def post(self, request: Request) -> Response:
        """End this session at once."""
        mine = LoginSession.objects.filter(pk=self.caller(request).session.pk)
        logins.revoke(
            mine,
            by=self.caller(request).actor,
            reason=AccountReason.LOGGED_OUT,
            wall_at=clock.wall(),
        )
        return Response(status=HTTPStatus.NO_CONTENT)


class SessionReply(serializers.Serializer[Any]):
    """A session that still serves."""

    id = serializers.UUIDField()
    device = serializers.CharField()
    began_at = serializers.DateTimeField()
    used_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    is_this = serializers.BooleanField()


class SessionsView(CustomerEndpoint):
    """The sessions of a customer."""

    @describe("List the sessions that still serve", replies={200: SessionReply}, pages=True)
    def get(self, request: Request) -> Response:
        """List the sessions that still serve, the newest first."""
        mine = self.caller(request).session.pk
        living = logins.living_of(self.customer(request), wall_at=clock.wall())
        rows = [_reply(one, is_this=one.pk == mine) for one in living.select_related("device")]
        return page(request, rows, is_newest_first=True)


def _reply(session: LoginSession, *, is_this: bool) -> dict[str, Any]:
    return {
        "id": session.public_id,
        "device": f"{session.device.model} {session.device.os} {session.device.os_version}",
        "began_at": session.began_at,
        "used_at": session.used_at,
        "expires_at": logins.expires_at(session),
        "is_this": is_this,
    }


class SessionView(CustomerEndpoint):
    """One session of a customer."""

    always_open = ("DELETE",)

    @describe("End a session", replies={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """End a session at once; one that has ended already, or another's, is not found."""
        living = logins.living_of(self.customer(request), wall_at=clock.wall())
        mine = living.filter(public_id=public_id)
        by = self.caller(request).actor
        if not logins.revoke(
            mine, by=by, reason=AccountReason.ENDED_BY_CUSTOMER, wall_at=clock.wall()
        ):
            raise NotFoundError
        return Response(status=HTTPStatus.NO_CONTENT)
