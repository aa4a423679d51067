"""Values for the examples of conversions, by the names of fields."""

EXAMPLES = {
    "effective_on": "2026-10-01",
    "offered_fen": 1_000_000,
    "converted_fen": 0,
    "lapsed_because": "",
    "converted_on": None,
}
