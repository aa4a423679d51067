"""Values for the examples in the description of the payments, by the names of fields."""

EXAMPLES = {
    "paid_by": "customer",
    "method": "card",
    "app_id": "wx5a5b0c0ffee00001",
    "timestamp": "1788233400",
    "nonce": "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
    "package": "prepay_id=wx201410272009395522657a690389285100",
    "sign_type": "RSA",
    "signature": "oR9d8PuhnIc+YZ8cBHFCwfgpaK9gd7vaRvkYD7rthRAZ",
    "taken_fen": 105_000,
    "settled_fen": 105_000,
    "unapplied_fen": 0,
    "under_way_fen": 100_000,
    "unpaid_fen": 915_000,
    "is_reversed": False,
}
