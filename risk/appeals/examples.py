"""Values for the examples of appeals in the description of the endpoints."""

EXAMPLES = {
    "statement": "My salary rose in September; the pay slips are attached.",
    "outcome": "upheld",
    "submitted_at": "2026-11-25T10:00:00+08:00",
    "question": "Please send the pay slip of October too.",
    "new_limit_fen": 2_400_000,
    "proof_kind": "income",
}
