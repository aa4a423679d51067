"""Values for the examples of early repayments, by the names of fields."""

EXAMPLES = {
    "as_of": "2026-09-11",
    "prepayment_fee_fen": 5_000,
    "waived_fen": 0,
}
