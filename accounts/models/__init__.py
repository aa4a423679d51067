"""People: the staff, and the customers with what proves who they are and what they agreed to."""

from accounts.cards.rules.bins import CardKind
from accounts.cards.rules.card_numbers import AccountClass
from accounts.models.card import ACCOUNT_CLASSES, BankBin, BankCard, BankCardState, CardHold
from accounts.models.consent import Consent
from accounts.models.customer import Customer, CustomerHold, CustomerState, HoldKind
from accounts.models.identity import (
    IdentityVerification,
    ProviderCall,
    UsedFaceToken,
    VerificationState,
)
from accounts.models.login import Device, DeviceLink, LoginSession, WechatAccount
from accounts.models.password import Authorisation, GrantPurpose, TransactionPassword
from accounts.models.privacy import (
    AccessRecord,
    Complaint,
    ComplaintState,
    DeletionRequest,
    DeletionState,
)
from accounts.models.profile import OCCUPATIONS, Profile, ProfileReview
from accounts.models.proof import (
    ASSET_KINDS,
    REVIEWED_KINDS,
    VERDICTS,
    AssetFile,
    AssetProof,
    ContentType,
    ProofKind,
    ProofReview,
)
from accounts.models.staff import Staff
from accounts.onboarding.rules.occupations import Occupation

__all__ = [
    "ACCOUNT_CLASSES",
    "ASSET_KINDS",
    "OCCUPATIONS",
    "REVIEWED_KINDS",
    "VERDICTS",
    "AccessRecord",
    "AccountClass",
    "AssetFile",
    "AssetProof",
    "Authorisation",
    "BankBin",
    "BankCard",
    "BankCardState",
    "CardHold",
    "CardKind",
    "Complaint",
    "ComplaintState",
    "Consent",
    "ContentType",
    "Customer",
    "CustomerHold",
    "CustomerState",
    "DeletionRequest",
    "DeletionState",
    "Device",
    "DeviceLink",
    "GrantPurpose",
    "HoldKind",
    "IdentityVerification",
    "LoginSession",
    "Occupation",
    "Profile",
    "ProfileReview",
    "ProofKind",
    "ProofReview",
    "ProviderCall",
    "Staff",
    "TransactionPassword",
    "UsedFaceToken",
    "VerificationState",
    "WechatAccount",
]
