"""Values of the examples in the description of the endpoints, by the names of their fields."""

EXAMPLES = {
    "events": [
        {
            "id": "20261124-000017",
            "kind": "payment",
            "openid": "oAbC-1234567890",
            "occurred_at": "2026-11-24T12:30:00+08:00",
            "direction": "out",
            "result": "succeeded",
            "amount_fen": 3500,
            "category": "dining",
            "counterparty": "merchant-8812",
        }
    ],
    "refused": [
        {
            "index": 1,
            "code": "customer-unknown",
            "detail": "No customer has this openid or id. Stop sending events of this person.",
        }
    ],
    "accepted": 1,
    "repeated": 0,
}
