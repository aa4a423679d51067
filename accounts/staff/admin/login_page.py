"""The login page of staff: repeated wrong passwords wait, and known browsers are told apart."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string
from django.views.decorators.debug import sensitive_variables

from accounts.staff import operations as logins
from backoffice.core import clock
from backoffice.core.crypto import blind
from backoffice.core.errors import Refused

if TYPE_CHECKING:
    from django.contrib.admin.forms import AdminAuthenticationForm as _LoginForm
else:
    from unfold.forms import AuthenticationForm as _LoginForm

COOKIE = "staff_browser"
COOKIE_SECONDS = 180 * 24 * 3600
_PURPOSE = "staff-browser"


class StaffLoginForm(_LoginForm):
    """Name and password; refused for some minutes after repeated wrong passwords."""

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        """Count the try, then compare the password; the right one gives the tries back."""
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not name or not password:
            return super().clean()
        assert self.request is not None
        place, wall_at = _place(self.request, name), clock.wall()
        try:
            logins.take_try(name, place=place, wall_at=wall_at)
        except Refused as refusal:
            raise ValidationError(str(refusal), code=refusal.code) from None
        cleaned = super().clean()
        logins.forget_tries(name, place=place, wall_at=wall_at)
        return cleaned


def log_in(request: HttpRequest) -> HttpResponse:
    """Show the login page of the admin, and remember the browser of who logs in."""
    answer = admin.site.login(request)
    if request.method == "POST" and request.user.is_authenticated:
        name = request.user.get_username()
        value = {"name": blind(name, _PURPOSE).hex(), "browser": get_random_string(22)}
        answer.set_cookie(
            COOKIE,
            signing.dumps(value, salt=_PURPOSE),
            max_age=COOKIE_SECONDS,
            path=request.path,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return answer


def _place(request: HttpRequest, name: str) -> str:
    """Return the browser that a person has logged in with before, else the network address."""
    try:
        known = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=_PURPOSE, max_age=COOKIE_SECONDS
        )
    except signing.BadSignature:
        known = {}
    if known.get("name") == blind(name, _PURPOSE).hex():
        return f"browser {known['browser']}"
    return f"address {request.META.get('REMOTE_ADDR', '')}"
