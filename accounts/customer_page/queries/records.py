"""Everything that is known of a customer's onboarding, read at once for the staff pages."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from django.db.models import Model, Q, QuerySet

from accounts.models import (
    BankCard,
    Consent,
    Customer,
    CustomerHold,
    DeviceLink,
    IdentityVerification,
    Profile,
    ProfileReview,
    ProviderCall,
    VerificationState,
    WechatAccount,
)
from backoffice.core.models import StateChange

Row = TypeVar("Row", bound=Model)

EACH_MAX = 50  # of a kind, the newest: a timeline, not a log


class OnboardingRecords(NamedTuple):
    """A customer and the records of onboarding, each kind oldest first, nothing unsealed."""

    customer: Customer
    accounts: Sequence[WechatAccount]
    links: Sequence[DeviceLink]
    proofs: Sequence[IdentityVerification]
    calls: Sequence[ProviderCall]
    cards: Sequence[BankCard]
    consents: Sequence[Consent]
    holds: Sequence[CustomerHold]
    profile: Profile | None
    reviews: Sequence[ProfileReview]
    moves: Sequence[StateChange]

    @property
    def proof(self) -> IdentityVerification | None:
        """Return the proof that passed, or the latest one."""
        passed = [one for one in self.proofs if one.state == VerificationState.PASSED]
        return next(reversed(passed or self.proofs), None)


def read(customer: Customer) -> OnboardingRecords:
    """Return what is known of a customer's onboarding."""
    mine = {"customer": customer}
    proofs = _newest(
        IdentityVerification.objects.filter(**mine).defer("name", "id_number", "face_token")
    )
    cards = _newest(BankCard.objects.filter(**mine).defer("number", "phone"))
    reviews = _newest(ProfileReview.objects.filter(**mine))
    links = DeviceLink.objects.filter(account__customer=customer).select_related("device")
    return OnboardingRecords(
        customer,
        _newest(WechatAccount.objects.filter(**mine).defer("openid")),
        _newest(links),
        proofs,
        _newest(ProviderCall.objects.filter(**mine)),
        cards,
        _newest(Consent.objects.filter(**mine)),
        _newest(CustomerHold.objects.filter(**mine)),
        Profile.objects.filter(**mine).defer("employer", "address").first(),
        reviews,
        _moves(customer, *proofs, *cards, *reviews),
    )


def _newest(rows: QuerySet[Row]) -> list[Row]:
    return list(rows.order_by("-pk")[:EACH_MAX])[::-1]


def _moves(
    *records: Customer | IdentityVerification | BankCard | ProfileReview,
) -> list[StateChange]:
    mine = Q()
    for record in records:
        mine |= Q(subject_type=record._meta.label_lower, subject_id=record.pk)
    return list(StateChange.objects.filter(mine).order_by("at", "pk"))
