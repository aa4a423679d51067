"""What the result and error codes of Tencent's faceid service mean, as its SDK documents them."""

from accounts.gateways.identity import Verdict

# IdCardVerification: name and number against the library of the public security authorities.
IDENTITY: dict[str, Verdict] = {
    "0": Verdict.MATCH,
    "-1": Verdict.MISMATCH,  # name and number do not belong together
    "-2": Verdict.INVALID,  # malformed ID number
    "-3": Verdict.INVALID,  # malformed name
    "-4": Verdict.UNAVAILABLE,  # the library does not answer
    "-5": Verdict.NO_RECORD,  # the library has no such person
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

# GetDetectInfoEnhanced, as the return codes of the mini program are listed: how a face check ended.
FACE: dict[int, Verdict] = {
    1: Verdict.UNAVAILABLE,  # begun in a wrong way
    2: Verdict.UNAVAILABLE,
    3: Verdict.UNAVAILABLE,
    4: Verdict.UNAVAILABLE,  # the service is out of order
    8: Verdict.UNAVAILABLE,
    10: Verdict.UNAVAILABLE,
    12: Verdict.UNAVAILABLE,
    13: Verdict.UNAVAILABLE,
    14: Verdict.INVALID,  # done before
    15: Verdict.INVALID,  # the token has expired
    16: Verdict.INVALID,  # tried too often
    17: Verdict.INVALID,  # not done to its end
    201: Verdict.UNAVAILABLE,  # no picture from WeChat
    202: Verdict.UNAVAILABLE,  # no film from WeChat
    203: Verdict.UNAVAILABLE,  # no right to this call
    204: Verdict.UNAVAILABLE,  # the mini program has not authorised the service
    301: Verdict.MISMATCH,  # the ID card shown is another person's
    302: Verdict.INVALID,  # the ID card shown has expired
    303: Verdict.INVALID,  # the ID card shown cannot be read
    1001: Verdict.UNAVAILABLE,  # the look at the face timed out
    1006: Verdict.UNAVAILABLE,  # the library of pictures is out of order
    1007: Verdict.UNAVAILABLE,  # no result from WeChat
    1008: Verdict.UNAVAILABLE,  # the customer's network
    1105: Verdict.UNAVAILABLE,  # no film
    2001: Verdict.UNAVAILABLE,  # the comparison timed out
    2002: Verdict.INVALID,  # malformed name
    2003: Verdict.INVALID,  # malformed ID number
    2004: Verdict.INVALID,  # no picture in the film
    2005: Verdict.NO_RECORD,  # the library has no such person
    2006: Verdict.MISMATCH,  # name and number do not belong together
    2007: Verdict.NO_RECORD,  # the library has no picture
    2008: Verdict.MISMATCH,
    2009: Verdict.NO_RECORD,  # the library's picture is too coarse
    2010: Verdict.INVALID,  # the face is not to be seen as a whole
    2011: Verdict.MISMATCH,  # perhaps not alive
    2012: Verdict.INVALID,  # several faces
    2013: Verdict.INVALID,  # the face is not to be seen as a whole
    2014: Verdict.INVALID,  # the film is too coarse
    2015: Verdict.MISMATCH,  # the comparison failed
    2016: Verdict.MISMATCH,  # not similar enough
    2017: Verdict.UNAVAILABLE,  # the library is being changed
}
# Not similar enough in the eyes of the service; we have our own threshold (SEC-3).
FACE_UNLIKE = 2016
# Of these, those that the operator has to fix.
_FACE_OURS = frozenset({1, 2, 3, 203, 204})
# All other codes of the look at a face: it was made, and nobody living was seen.
_NOT_LIVING = range(1002, 1400)

# Errors instead of a result that say something of what was asked. All others say nothing of
# anybody: outage, quota, a way of asking that the service does not know.
_ERRORS: dict[str, Verdict] = {
    "FailedOperation.IdFormatError": Verdict.INVALID,
    "FailedOperation.NameFormatError": Verdict.INVALID,
    "FailedOperation.IdNameMisMatch": Verdict.MISMATCH,
    "FailedOperation.IdNoExistSystem": Verdict.NO_RECORD,
    "FailedOperation.InvalidTokenParameter": Verdict.INVALID,
    "InvalidParameter": Verdict.INVALID,
    "InvalidParameterValue": Verdict.INVALID,
    "InvalidParameterValue.BizTokenExpired": Verdict.INVALID,
    "InvalidParameterValue.BizTokenIllegal": Verdict.INVALID,
}
# Keys and rights: the service does not know us, or not for this.
_NOT_KNOWN = ("AuthFailure", "UnauthorizedOperation", "FailedOperation.StsUnAuthErrError")
# Other errors that the operator has to fix, for no customer can.
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


def of_face(code: int) -> Verdict:
    """Return what the code of a face check that did not succeed says.

    ``MATCH`` is that the look at the face was finished: it saw nobody living.
    """
    seen = Verdict.MATCH if code in _NOT_LIVING else Verdict.UNAVAILABLE
    return FACE.get(code, seen)


def is_of_our_face_check(code: int) -> bool:
    """Say whether a face check failed by our configuration, for the operator to fix."""
    return code in _FACE_OURS


def is_of_keys(code: str) -> bool:
    """Say whether the service did not accept who we are."""
    return code.startswith(_NOT_KNOWN)


def is_ours(code: str) -> bool:
    """Say whether an error is one of our configuration, for the operator to fix."""
    return code.startswith(_OURS) or is_of_keys(code)
