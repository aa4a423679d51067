"""What the result codes of Tencent's faceid service mean, as its documentation lists them."""

from accounts.gateways.identity import Verdict

# IdCardVerification: name and number against the library of the public security authorities.
IDENTITY: dict[str, Verdict] = {
    "0": Verdict.MATCH,
    "-1": Verdict.MISMATCH,  # name and number do not belong together
    "-2": Verdict.INVALID,  # no ID number
    "-3": Verdict.INVALID,  # no name
    "-4": Verdict.UNAVAILABLE,  # the library does not answer
    "-5": Verdict.MISMATCH,  # the library has no such person
    "-6": Verdict.UNAVAILABLE,  # the library is being changed
    "-7": Verdict.UNAVAILABLE,  # asked too often about this person today
}

# BankCard4EVerification: name, number, card and phone against what the bank has on file.
CARD: dict[str, Verdict] = {
    "0": Verdict.MATCH,
    "-1": Verdict.MISMATCH,  # not all four belong together
    "-2": Verdict.INVALID,  # no name
    "-3": Verdict.INVALID,  # no ID number
    "-4": Verdict.INVALID,  # no card number
    "-5": Verdict.INVALID,  # no phone number
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
    "-18": Verdict.UNAVAILABLE,  # the service does not answer
    "-19": Verdict.UNAVAILABLE,  # asked too often about this card today
    "-20": Verdict.INVALID,  # only second-generation ID cards
    "-21": Verdict.MISMATCH,  # the account is not in order
}

# Errors of the service instead of a result. What is not listed here is no verdict on anybody.
ERRORS: dict[str, Verdict] = {
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
# Errors that we have made ourselves: keys, rights, an unpaid account, a rule that is not there.
OURS = ("AuthFailure", "UnauthorizedOperation", "InvalidParameterValue.RuleId")


def of_error(code: str) -> Verdict:
    """Return what an error of the service says: as a rule only that nothing was checked."""
    return ERRORS.get(code, Verdict.UNAVAILABLE)


def is_ours(code: str) -> bool:
    """Say whether an error is one of our configuration, for somebody here to mend."""
    return code.startswith(OURS)
