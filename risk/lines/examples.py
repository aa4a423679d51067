"""Values for the examples in the description of the endpoints of lines, by the names of fields."""

EXAMPLES = {
    "limit_fen": 1_000_000,
    "temporary_fen": 0,
    "buffer_fen": 150_000,
    "held_fen": 0,
    "holds": [],
    "reserved_fen": 0,
    "drawn_fen": 300_000,
    "usable_fen": 550_000,
    "target_fen": 1_050_000,
    "old_fen": 1_000_000,
    "new_fen": 1_050_000,
    "days": 30,
    "rule": "LIMIT-5",
    "why": "Limit 10,000.00 + temporary limit 0.00 - buffer 1,500.00 (15% of both) - held 0.00 - "
    "reserved 0.00 - drawn 3,000.00 = 5,500.00 yuan, which can be drawn.",
}
