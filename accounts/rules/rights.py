"""Who may do what: the groups of the staff and the rights of each, in one table."""

# Each right is ``app.codename``; a group may look at everything its work touches.
_CUSTOMERS = ("accounts.view_customer", "accounts.view_bankcard")
_LINES = ("risk.view_creditline", "risk.view_conduct")
_LOANS = ("loans.view_loan", "loans.view_instalment", "loans.view_contractterms", "loans.view_bill")
_COLLECTION = (
    "loans.view_debitorder", "loans.view_mandate", "loans.view_repayment",
    "loans.view_repaymentallocation", "loans.view_unappliedfunds",
)  # fmt: skip
_LEDGER = ("loans.view_transfer",)
_DAY = (
    "backoffice.view_jobrun", "backoffice.view_jobchunk", "backoffice.view_slotpause",
    "backoffice.view_statechange",
)  # fmt: skip
_HOUSE = ("backoffice.view_policyversion", "backoffice.view_outboxmessage")
_STAFF = ("accounts.view_staff", "auth.view_group")
_STOP = ("backoffice.add_slotpause", "backoffice.request_resume")

GROUPS: dict[str, tuple[str, ...]] = {
    "support": _CUSTOMERS + _LINES + _LOANS + _COLLECTION,
    "credit": _CUSTOMERS + _LINES + _LOANS,
    "risk": _CUSTOMERS + _LINES + _LOANS + _COLLECTION + _DAY
    + ("backoffice.view_policyversion", "backoffice.add_policyversion"),
    "collections": _CUSTOMERS + _LINES + _LOANS + _COLLECTION + _DAY + _STOP
    + ("backoffice.start_jobrun",),
    "finance": _CUSTOMERS + _LOANS + _COLLECTION + _LEDGER + _DAY + _STOP
    + ("backoffice.start_jobrun",),
    "auditor": _CUSTOMERS + _LINES + _LOANS + _COLLECTION + _LEDGER + _DAY + _HOUSE + _STAFF,
    "manager": _CUSTOMERS + _LINES + _LOANS + _COLLECTION + _LEDGER + _DAY + _HOUSE + _STAFF
    + _STOP
    + ("backoffice.start_jobrun", "backoffice.release_jobrun", "backoffice.resume_slot",
       "backoffice.decide_policyversion"),
}  # fmt: skip


def gettext_noop(words: str) -> str:
    """Mark words for the translators; the pages that show them translate."""
    return words


TITLES = {
    "support": gettext_noop("customer support"),
    "credit": gettext_noop("credit decisions"),
    "risk": gettext_noop("risk control"),
    "collections": gettext_noop("collections"),
    "finance": gettext_noop("finance"),
    "auditor": gettext_noop("audit, reads only"),
    "manager": gettext_noop("the second pair of eyes"),
}
