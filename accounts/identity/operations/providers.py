"""Questions to providers about customers: prepared, asked and recorded (ELIG-3)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from django.db.models import Model

from accounts.models import ProviderCall
from backoffice.platform import provider_calls
from backoffice.platform.provider_calls import Call, CallAnswer

CALLS = provider_calls.CallTable(ProviderCall)


class Checked(Protocol):
    """What every check of a provider answers."""

    @property
    def verdict(self) -> str:
        """Return what the check decided."""
        ...

    @property
    def code(self) -> str:
        """Return the provider's code, or a fault of ours."""
        ...

    @property
    def request_id(self) -> str:
        """Return the provider's id of the request."""
        ...


Result = TypeVar("Result", bound=Checked)


class Question(NamedTuple):
    """One question about a subject; the same key and attempt are the same call."""

    provider: str
    action: str
    subject: Model
    key: str
    customer_id: int
    attempt: int
    masked: Mapping[str, Any]

    @property
    def number(self) -> str:
        """Return the number under which the call is stored."""
        return f"{self.action}-{self.key}-{self.attempt}"


def ask(
    question: Question, *, call: Callable[[], Result], unknown: Result, at: datetime
) -> tuple[Result, CallAnswer]:
    """Store a call, ask the provider, and return its answer with what ``record`` keeps of it."""
    prepared = Call(
        question.number,
        question.provider,
        question.action,
        question.subject._meta.label_lower,
        question.subject.pk,
        question.customer_id,
        question.attempt,
        question.masked,
    )
    provider_calls.prepare([prepared], store=CALLS, at=at)
    answer, latency_ms = provider_calls.ask(call, unknown=unknown)
    kept = CallAnswer(
        question.number, str(answer.verdict), str(answer.code), answer.request_id, latency_ms
    )
    return answer, kept


def record(answers: Sequence[CallAnswer], *, at: datetime) -> None:
    """Store answers in the caller's transaction, each once."""
    provider_calls.record(answers, store=CALLS, at=at)
