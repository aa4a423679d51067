"""What the result and error codes of Tencent's faceid service mean, as its SDK documents them."""

from accounts.gateways.identity import Verdict

# IdCardVerification: name and number against the library of the public security authorities.
IDENTITY: dict[str, Verdict] = {
    "0": Verdict.MATCH,
    "-1": Verdict.MISMATCH,  # name and number do not belong together
    "-2": Verdict.INVALID,  # malformed ID number
    "-3": Verdict.INVALID,  # malformed name
    "-4": Verdict.UNAVAILABLE,  # the library does not answer
    "-5": Verdict.MISMATCH,  # the library has no such person
    "-6": Verdict.UNAVAILABLE,  # the library is being changed
    "-7": Verdict.UNAVAILABLE,  # asked too often about this person today
}

# BankCard4EVerification: name, number, card and phone against what the bank has on file (ELIG-6).
CARD: dict[str, Verdict] = {
    "0": Verdict.MATCH,
    "-1": Verdict.MISMATCH,  # not all four belong together
    "-2": Verdict.INVALID,  # malformed name
    "-3": Verdict.INVALID,  # malformed ID number
    "-4": Verdict.INVALID,  # malformed card number
    "-5": Verdict.INVALID,  # malformed phone number
    "-6": Verdict.MISMATCH,  # another holder
    "-7": Verdict.MISMATCH,  # not opened for payments without the card
    "-8": Verdict.MISMATCH,  # confiscated
    "-9": Verdict.MISMATCH,  # no such card
    "-10": Verdict.MISMATCH,  # no such issuer
    "-11": Verdict.MISMATCH,  # never activated, or dormant
    "-12": Verdict.MISMATCH,  # swallowed by a machine
    "-13": Verdict.MISMATCH,  # reported lost
    "-14": Verdict.MISMATCH,  # expired
    "-15": Verdict.MISMATCH,  # frozen
    "-16": Verdict.MISMATCH,  # PIN entered wrongly too often
    "-17": Verdict.MISMATCH,  # the issuer does not take part
    "-18": Verdict.UNAVAILABLE,  # the service is busy
    "-19": Verdict.UNAVAILABLE,  # asked too often about this card today
    "-20": Verdict.INVALID,  # only second-generation ID cards
    "-21": Verdict.MISMATCH,  # the account is not in order
}

# Errors instead of a result that say something of what was asked. All others say nothing of
# anybody: outage, quota, a way of asking that the service does not know.
_ERRORS: dict[str, Verdict] = {
    "FailedOperation.IdFormatError": Verdict.INVALID,
    "FailedOperation.NameFormatError": Verdict.INVALID,
    "FailedOperation.IdNameMisMatch": Verdict.MISMATCH,
    "FailedOperation.IdNoExistSystem": Verdict.MISMATCH,
    "FailedOperation.InvalidTokenParameter": Verdict.INVALID,
    "InvalidParameter": Verdict.INVALID,
    "InvalidParameterValue": Verdict.INVALID,
    "InvalidParameterValue.BizTokenExpired": Verdict.INVALID,
    "InvalidParameterValue.BizTokenIllegal": Verdict.INVALID,
}
# Keys and rights: the service does not know us, or not for this.
_NOT_KNOWN = ("AuthFailure", "UnauthorizedOperation", "FailedOperation.StsUnAuthErrError")
# Other errors that somebody here has to mend, for no customer can.
_OURS = (
    "InvalidAction",
    "InvalidParameter.UnsupportEncryptField",
    "InvalidParameterValue.RuleId",
    "InvalidRequest",
    "IpInBlacklist",
    "IpNotInWhitelist",
    "MissingParameter",
    "NoSuchProduct",
    "NoSuchVersion",
    "UnknownParameter",
    "UnsupportedOperation",
    "UnsupportedProtocol",
    "UnsupportedRegion",
)


def of_error(code: str) -> Verdict:
    """Return what an error of the service says: as a rule only that nothing was checked."""
    return _ERRORS.get(code, Verdict.UNAVAILABLE)


def is_of_keys(code: str) -> bool:
    """Say whether the service did not accept who we are."""
    return code.startswith(_NOT_KNOWN)


def is_ours(code: str) -> bool:
    """Say whether an error is one of our configuration, for somebody here to mend."""
    return code.startswith(_OURS) or is_of_keys(code)
