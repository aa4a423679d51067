"""Fetching credit reports: prepared, asked outside any transaction, recorded once (ELIG-11).

An outage is pending, never a pass. A report that cannot be read is refused and may be asked for
again; the call keeps where it was malformed.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import transaction

from accounts.identity.operations import providers
from accounts.identity.operations.providers import Question
from accounts.models import Customer, ProviderCall, WechatAccount
from accounts.privacy.rules import masking
from backoffice.core import clock
from backoffice.platform import provider_calls
from risk.bureau import queries, rules
from risk.bureau.queries import CurrentReport
from risk.gateways.bureau import BureauAnswer, BureauSubject, BureauVerdict, CreditBureau
from risk.models import BureauPayload, BureauReport

ACTION = "bureau"

log = logging.getLogger(__name__)


class BureauState(StrEnum):
    """What became of the request for a report.

    ``PENDING``: the bureau did not answer, or not with a report; ask again later.
    """

    READY = "ready"
    PENDING = "pending"
    NO_CONSENT = "no-consent"
    NOT_IDENTIFIED = "not-identified"


class FetchedReport(NamedTuple):
    """The state, and the report where it is ready."""

    state: BureauState
    current: CurrentReport | None = None


def fetch(
    customer_ids: Sequence[int], *, bureau: CreditBureau, at: datetime, is_renewed: bool = False
) -> dict[int, FetchedReport]:
    """Return the credit report of each customer, fetched where none of the last 30 days is there.

    ``is_renewed`` fetches another one all the same, because the customer contests what is there.
    The bureau is asked only under a consent in force, of customers whose identity is known.
    """
    return {one: _fetch(one, bureau, at, is_renewed=is_renewed) for one in customer_ids}


def _fetch(
    customer_id: int, bureau: CreditBureau, at: datetime, *, is_renewed: bool
) -> FetchedReport:
    if queries.consent_of(customer_id, at=at) is None:
        return FetchedReport(BureauState.NO_CONSENT)
    found = queries.current(customer_id, at=at)
    if found is not None and not is_renewed:
        return FetchedReport(BureauState.READY, found)
    customer = Customer.objects.get(pk=customer_id)
    if not customer.name or not customer.id_number:
        return FetchedReport(BureauState.NOT_IDENTIFIED)
    subject = BureauSubject(customer.name, customer.id_number, _openid(customer_id))
    question = _question(customer, bureau, at)
    answer, kept = providers.ask(
        question,
        call=lambda: _checked(
            bureau.fetch(subject, on=clock.day_of(at), attempt=question.attempt), subject
        ),
        unknown=BureauAnswer(BureauVerdict.UNAVAILABLE, "UNREACHABLE", ""),
        at=at,
    )
    with transaction.atomic(durable=True):
        # Under the lock of the customer: a consent may have been withdrawn meanwhile.
        Customer.objects.select_for_update().get(pk=customer_id)
        is_first = bool(provider_calls.record([kept], store=providers.CALLS, at=at))
        if is_first and answer.verdict in (BureauVerdict.FOUND, BureauVerdict.NO_FILE):
            _store(customer, bureau.name, question.number, answer, at)
    if queries.consent_of(customer_id, at=at) is None:
        return FetchedReport(BureauState.NO_CONSENT)
    before, found = found, queries.current(customer_id, at=at)
    is_new = found is not None and (before is None or found.report_id != before.report_id)
    return FetchedReport(BureauState.READY if is_new else BureauState.PENDING, found)


def _openid(customer_id: int) -> str:
    bound = WechatAccount.objects.filter(customer=customer_id, unbound_at=None).order_by("pk")
    account = bound.first()
    return account.openid or "" if account else ""


def _question(customer: Customer, bureau: CreditBureau, at: datetime) -> Question:
    """Return the next question of the day; one without an answer yet is asked again."""
    key = f"{customer.pk}-{clock.day_of(at):%Y%m%d}"
    answered = ProviderCall.objects.filter(
        customer=customer, number__startswith=f"{ACTION}-{key}-", answered_at__isnull=False
    )
    masked = {
        "name": masking.name(customer.name),
        "id_number": masking.id_number(customer.id_number),
    }
    attempt = answered.count() + 1
    return Question(bureau.name, ACTION, customer, key, customer.pk, attempt, masked)


def _checked(answer: BureauAnswer, subject: BureauSubject) -> BureauAnswer:
    """Return an answer whose report can be read and is of this person, or ``MALFORMED``."""
    if answer.verdict is not BureauVerdict.FOUND:
        return answer
    try:
        rules.check(answer.payload)
        rules.check_person(answer.payload, id_number=subject.id_number)
    except rules.BureauPayloadError as error:
        log.warning("a credit report was refused: %s", error)
        return BureauAnswer(BureauVerdict.MALFORMED, error.place[:80], answer.request_id)
    return answer


def _store(
    customer: Customer, provider: str, number: str, answer: BureauAnswer, at: datetime
) -> None:
    consent = queries.consent_of(customer.pk, at=at)
    if consent is None or consent.withdrawn_at is not None:
        return
    payload: Any = answer.payload or {
        "report_id": "none",
        "reported_on": clock.day_of(at).isoformat(),
        "identity": {"name": customer.name, "id_number": customer.id_number},
        "accounts": [],
        "inquiries": [],
    }
    content = json.dumps(payload, ensure_ascii=False, sort_keys=True)
    report = BureauReport.objects.create(
        customer=customer,
        consent=consent,
        provider=provider,
        call_number=number,
        digest=hashlib.sha256(content.encode()).hexdigest(),
        has_file=answer.verdict is BureauVerdict.FOUND,
        fetched_at=at,
        fetched_on=clock.day_of(at),
    )
    BureauPayload.objects.create(report=report, customer=customer, content=content)
