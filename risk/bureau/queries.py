"""The credit report that a decision may use: recent, and under a consent in force."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from accounts.models import Consent
from backoffice.core import clock
from risk.bureau import rules
from risk.bureau.rules import BureauReading
from risk.gateways.bureau import BureauVerdict
from risk.models import BureauPayload, BureauReport

PURPOSE = "bureau"
# What a bureau is asked and what it answers, in words, by the codes of its calls.
ACTIONS = {"bureau": _("credit report")}
VERDICTS: Mapping[str, Any] = {
    BureauVerdict.FOUND: _("report received"),
    BureauVerdict.NO_FILE: _("no file"),
    BureauVerdict.UNAVAILABLE: _("no answer"),
    BureauVerdict.MALFORMED: _("no readable report"),
}
# Inquiries are counted over 30 days: an older report would miss all that was applied for since.
REUSE_DAYS = 30


class CurrentReport(NamedTuple):
    """A report that may be used, and what decisions read in it."""

    report_id: int
    digest: str
    reading: BureauReading


def consent_of(customer_id: int, *, at: datetime) -> Consent | None:
    """Return the consent to credit reports that is in force at a moment."""
    given = Consent.objects.filter(customer=customer_id, purpose=PURPOSE, given_at__lte=at)
    in_force = given.filter(withdrawn_at=None) | given.filter(withdrawn_at__gt=at)
    return in_force.first()


def reading_of(report: BureauReport) -> BureauReading | None:
    """Return what decisions read in a report on its day; None where its content is erased."""
    payload = BureauPayload.objects.filter(pk=report.pk).first()
    return rules.read(json.loads(payload.content), on=report.fetched_on) if payload else None


def current(customer_id: int, *, at: datetime) -> CurrentReport | None:
    """Return the newest report fetched in the last 30 days; None without the consent in force."""
    if consent_of(customer_id, at=at) is None:
        return None
    on = clock.day_of(at)
    stored = (
        BureauPayload.objects.select_related("report")
        .filter(customer=customer_id, report__fetched_at__lte=at)
        .filter(report__fetched_on__gt=on - timedelta(days=REUSE_DAYS))
        .order_by("-report__fetched_at", "-pk")
        .first()
    )
    if stored is None:
        return None
    reading = rules.read(json.loads(stored.content), on=on)
    return CurrentReport(stored.pk, stored.report.digest, reading)
