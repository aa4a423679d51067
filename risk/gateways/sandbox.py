"""The credit bureau of a sandbox: the persona of the openid decides what it answers.

No call leaves the process and nothing is remembered; docs/sandbox-identity.md lists the personas.
"""

import secrets
from datetime import date

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from risk.gateways.bureau import BureauAnswer, BureauSubject, BureauVerdict
from risk.sandbox.rules import bureau_payload, persona_of

_DOWN, _LATE, _BROKEN = "bureau-down", "bureau-late", "bureau-broken"


class SandboxBureau:
    """Reports of a sandbox; see ``risk.gateways.bureau.CreditBureau``."""

    name = "sandbox"

    def __init__(self) -> None:
        if not settings.SANDBOX:
            raise ImproperlyConfigured("The sandbox bureau invents reports: only with SANDBOX=1")

    def fetch(self, subject: BureauSubject, *, on: date, attempt: int) -> BureauAnswer:
        """Answer by the openid; one without a persona has the report of an average person."""
        if subject.openid == _DOWN or (subject.openid == _LATE and attempt == 1):
            return BureauAnswer(BureauVerdict.UNAVAILABLE, "TIMEOUT", "")
        request_id = f"sandbox-{secrets.token_hex(8)}"
        if subject.openid == _BROKEN:
            return BureauAnswer(BureauVerdict.FOUND, "0", request_id, {"report_id": "R0"})
        payload = bureau_payload(
            persona_of(subject.openid), on=on, name=subject.name, id_number=subject.id_number
        )
        if payload is None:
            return BureauAnswer(BureauVerdict.NO_FILE, "0", request_id)
        return BureauAnswer(BureauVerdict.FOUND, "0", request_id, payload)
