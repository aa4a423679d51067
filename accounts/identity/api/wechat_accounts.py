"""The WeChat accounts of a customer: which there are, and how one is taken away (ELIG-8)."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.identity.operations import people
from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import Customer, WechatAccount
from backoffice.core import clock
from backoffice.web.api.description import describe
from backoffice.web.api.paging import page
from backoffice.web.api.problems import NotFoundError


class AccountReply(serializers.Serializer[Any]):
    """A WeChat account that logs in for the customer; which one it is WeChat alone can say."""

    id = serializers.UUIDField()
    bound_at = serializers.DateTimeField()
    used_since = serializers.DateField(allow_null=True)
    is_this = serializers.BooleanField()


def _bound(customer: Customer) -> Any:
    return WechatAccount.objects.filter(customer=customer, unbound_at=None).order_by("pk")


class AccountsView(CustomerEndpoint):
    """The WeChat accounts of a customer."""

    @describe("List the WeChat accounts", replies={200: AccountReply}, pages=True)
    def get(self, request: Request) -> Response:
        """List the accounts that can log in."""
        mine = self.caller(request).session.account_id
        rows = [
            {
                "id": account.public_id,
                "bound_at": account.bound_at,
                "used_since": account.used_since_on,
                "is_this": account.pk == mine,
            }
            for account in _bound(self.customer(request)).defer("openid")
        ]
        return page(request, rows)


class AccountView(CustomerEndpoint):
    """One WeChat account of a customer."""

    always_open = ("DELETE",)

    @describe("Unbind a WeChat account", replies={204: None}, refusals=(people.LastAccountError,))
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Unbind an account: its logins end at once, its seat is free after 180 days."""
        account = _bound(self.customer(request)).filter(public_id=public_id).first()
        if account is None:
            raise NotFoundError
        by = self.caller(request).actor
        people.unbind(account, by=by, at=clock.now(), wall_at=clock.wall())
        return Response(status=HTTPStatus.NO_CONTENT)
