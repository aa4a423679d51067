"""Values for the examples in the description of the payments, by the names of fields."""

EXAMPLES = {
    "paid_by": "customer",
    "taken_fen": 0,
    "unapplied_fen": 0,
    "under_way_fen": 100_000,
    "unpaid_fen": 915_000,
    "is_reversed": False,
}
