"""The staff of the back office."""

from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext_lazy as _


class Staff(AbstractUser):
    """A person who works in the back office."""

    class Meta(AbstractUser.Meta):
        verbose_name = _("staff member")  # type: ignore[assignment]
        verbose_name_plural = _("staff")  # type: ignore[assignment]
