"""People: the staff, and the customers with what proves who they are and what they agreed to."""

from accounts.models.card import AccountClass, BankBin, BankCard, BankCardState, CardHold, CardKind
from accounts.models.consent import Consent
from accounts.models.customer import Customer, CustomerHold, CustomerState, HoldKind
from accounts.models.identity import (
    IdentityVerification,
    ProviderCall,
    UsedFaceToken,
    VerificationState,
)
from accounts.models.login import Device, DeviceLink, LoginSession, WechatAccount
from accounts.models.password import Authorisation, Purpose, TransactionPassword
from accounts.models.privacy import (
    AccessRecord,
    Complaint,
    ComplaintState,
    DeletionRequest,
    DeletionState,
)
from accounts.models.profile import Occupation, Profile
from accounts.models.proof import AssetFile, AssetProof, ContentType, ProofKind
from accounts.models.staff import Staff

__all__ = [
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
    "HoldKind",
    "IdentityVerification",
    "LoginSession",
    "Occupation",
    "Profile",
    "ProofKind",
    "ProviderCall",
    "Purpose",
    "Staff",
    "TransactionPassword",
    "UsedFaceToken",
    "VerificationState",
    "WechatAccount",
]
