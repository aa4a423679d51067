"""Values for the examples of cost sheets in the description of the endpoints, by field name."""

EXAMPLES = {
    "instalment": 1,
    "scenario": "medical",
    "irr_ppm": 198_589,
    "simple_365_ppm": 182_500,
    "headline_360_ppm": 180_000,
    "nights": 30,
    "standard_ppb": 500_000,
    "collector": "lender",
    "annual_ppm": 198_589,
    "cap_annual_ppm": 240_000,
    "month": "2026-12",
    "share_max_permille": 500,
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "must_read_seconds": 10,
    "seconds_read": 14,
}
