"""Values for the examples of bills and direct debit, by the names of fields."""

EXAMPLES = {
    "total_fen": 1_015_000,
    "minimum_fen": 101_500,
    "past_due_fen": 0,
    "paid_fen": 0,
    "owed_fen": 1_015_000,
    "asked_fen": 1_015_000,
    "principal_fen": 1_000_000,
    "interest_fen": 15_000,
    "plan_fee_fen": 0,
    "late_fee_fen": 0,
    "penalty_fen": 0,
    "card_limit": None,
    "first_on": "2026-10-01",
    "last_on": "2026-10-03",
    "maximum_fen": 1_016_508,
    "days": 10,
    "extended_to_on": "2026-10-11",
}
