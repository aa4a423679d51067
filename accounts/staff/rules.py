"""Who may do what: the groups of the staff and the rights of each, in one table."""

# Each right is ``app.codename``; a group may look at everything its work touches.
_CUSTOMERS = (
    "accounts.view_customer", "accounts.view_bankcard", "accounts.view_wechataccount",
    "accounts.view_customerhold", "accounts.view_complaint", "accounts.view_consent",
    "accounts.view_profile", "accounts.view_profilereview", "accounts.view_deletionrequest",
)  # fmt: skip
# How somebody proved to be who they are, and from where they come.
_OPENING = (
    "accounts.view_identityverification", "accounts.view_providercall", "accounts.view_device",
    "accounts.view_loginsession", "accounts.view_assetproof",
)  # fmt: skip
_BINS = ("accounts.view_bankbin",)
_KEEP_BINS = (*_BINS, "accounts.add_bankbin", "accounts.change_bankbin",
              "accounts.delete_bankbin")  # fmt: skip
_HOLD = ("accounts.place_customerhold", "accounts.lift_customerhold")
_UNMASK = ("accounts.unmask_customer",)
_FILES = ("accounts.view_assetfile",)  # what customers uploaded as proof
_ACCESS = ("accounts.view_accessrecord",)
# What credit decisions are made from.
_FACTS = ("risk.view_partnerevent", "risk.view_bureaureport")
_ASSESSMENTS = (
    "risk.view_assessment", "risk.view_specialreview", "risk.view_appeal", "risk.view_cutreview",
)  # fmt: skip
_LINES = (
    "risk.view_creditline", "risk.view_conduct", "risk.view_limitchange", "risk.view_reservehold",
    "risk.view_temporarylimit", "risk.view_growthchange",
)  # fmt: skip
_STOP_LINES = ("risk.suspend_creditline", "risk.freeze_creditline", "risk.revoke_temporarylimit")
_LOANS = (
    "loans.view_loan", "loans.view_instalment", "loans.view_contractterms", "loans.view_bill",
    "loans.view_quote", "loans.view_waiver", "loans.view_extension", "loans.view_acceleration",
    "loans.view_chargeoff", "loans.view_conversion",
)  # fmt: skip
# What is given up needs two people; who collects proposes, a manager decides.
_GIVE_UP = ("loans.propose_waiver", "loans.propose_chargeoff")
_DECIDE_LOSS = ("loans.decide_waiver", "loans.decide_chargeoff")
_CONVERT = ("loans.withdraw_conversion",)  # at the wish of the customer
_LATE = ("loans.decide_extension", "loans.accelerate_bill")
_COLLECTION = (
    "loans.view_debitorder", "loans.view_debitnotice", "loans.view_mandate", "loans.view_autodebit",
    "loans.view_repayment",
    "loans.view_repaymentallocation", "loans.view_unappliedfunds", "loans.view_payout",
    "loans.view_repaymentreversal",
)  # fmt: skip
_BOOK = (  # a second person decides
    "loans.propose_transfer", "loans.propose_reversal", "loans.propose_monthclose",
)  # fmt: skip
_DECIDE_BOOKED = ("loans.decide_transfer", "loans.decide_reversal", "loans.decide_monthclose")
_LEDGER = (
    "loans.view_transfer",
    "loans.view_charge",
    "loans.view_closedmonth",
    "loans.view_closedbalance",
)
_DAY = (
    "backoffice.view_jobrun", "backoffice.view_jobchunk", "backoffice.view_jobpause",
    "backoffice.view_statechange", "backoffice.view_approval",
)  # fmt: skip
_SYSTEM = (
    "backoffice.view_policyversion", "backoffice.view_outboxmessage", "backoffice.view_workitem",
    "backoffice.view_export",
)  # fmt: skip
_SIMULATIONS = ("risk.view_policysimulation", "risk.download_policysimulation")
_WORK = (
    "backoffice.view_workitem", "backoffice.claim_workitem", "backoffice.release_workitem",
    "backoffice.hand_over_workitem",
)  # fmt: skip
_EXPORT = ("backoffice.view_export", "backoffice.request_export", "backoffice.download_export")
_STAFF = ("accounts.view_staff", "auth.view_group")
_WITHDRAW = ("backoffice.withdraw_approval",)  # whoever may propose takes back
_DECIDE = ("backoffice.approve_approval", "backoffice.reject_approval")
_STOP = ("backoffice.add_jobpause", "backoffice.request_resume", *_WITHDRAW)

GROUPS: dict[str, tuple[str, ...]] = {
    "support": _CUSTOMERS + _OPENING + _BINS + _LINES + _LOANS + _COLLECTION + _UNMASK
    + _ASSESSMENTS
    + ("accounts.answer_complaint", "accounts.revoke_loginsession", "accounts.report_history")
    + _CONVERT,
    "credit": _CUSTOMERS + _OPENING + _BINS + _LINES + _FACTS + _LOANS + _UNMASK + _FILES
    + _ASSESSMENTS + _WORK
    + ("accounts.decide_identityverification", "accounts.decide_profilereview",
       "accounts.decide_bankcard", "accounts.decide_proofreview", "risk.decide_assessment",
       "risk.review_appeal", "risk.review_limitcut")
    + ("loans.prove_use", "risk.propose_limitreview", "risk.revoke_temporarylimit",
       "backoffice.view_approval",
       *_WITHDRAW),
    "risk": _CUSTOMERS + _OPENING + _KEEP_BINS + _HOLD + _UNMASK + _LINES + _FACTS + _LOANS
    + _ASSESSMENTS + _COLLECTION + _DAY + _FILES + _WORK
    + ("accounts.decide_identityverification", "accounts.decide_profilereview",
       "accounts.revoke_loginsession", "risk.decide_specialreview")
    + ("backoffice.view_policyversion", "backoffice.add_policyversion", *_WITHDRAW)
    + (*_SIMULATIONS, "risk.request_policysimulation")
    + ("risk.decide_limitreview", "risk.decide_appeal", *_STOP_LINES, *_DECIDE),
    "collections": _CUSTOMERS + _LINES + _LOANS + _COLLECTION + _DAY + _STOP + _WORK
    + _GIVE_UP + _LATE
    + ("backoffice.start_jobrun",),
    "finance": _CUSTOMERS + _LOANS + _COLLECTION + _LEDGER + _DAY + _STOP + _EXPORT + _WORK
    + _GIVE_UP + _BOOK
    + ("loans.retry_refund", "backoffice.start_jobrun",),
    "auditor": _CUSTOMERS + _OPENING + _BINS + _ACCESS
    + _ASSESSMENTS + _LINES + _FACTS + _LOANS + _COLLECTION + _LEDGER + _DAY + _SYSTEM + _STAFF
    + ("risk.view_policysimulation",),
    "manager": _CUSTOMERS + _OPENING + _KEEP_BINS + _ACCESS + _HOLD + _UNMASK + _FILES
    + _ASSESSMENTS + _LINES + _LOANS + _COLLECTION + _LEDGER + _DAY + _SYSTEM + _STAFF
    + _STOP + _STOP_LINES + _DECIDE_LOSS + _LATE + _CONVERT
    + ("accounts.answer_complaint", "risk.decide_limitreview", "risk.decide_appeal")
    + _DECIDE_BOOKED + _SIMULATIONS
    + ("backoffice.start_jobrun", "backoffice.release_jobrun", "backoffice.resume_job",
       "backoffice.decide_policyversion", *_DECIDE, *_WORK[1:], "backoffice.reassign_workitem",
       *_EXPORT[1:], "backoffice.pii_view", "risk.decide_assessment"),
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
