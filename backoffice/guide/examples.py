"""Values for the examples of guide, glossary and comparison in the description."""

EXAMPLES = {
    "policy_on": "2026-11-24",
    "dated_on": "2023-12-31",
    "origin": {
        "title": "微信微贷粒怎么开通",
        "dated_on": "2023-12-31",
        "note": "What is said of other lenders is taken from this article.",
    },
    "introduction": "The line is opened step by step.",
    "aim": "Loans are paid to this card, and bills are debited from it.",
    "needs": ["A debit card in your own name of a supported bank, on a class I account."],
    "term": "grace",
    "rules": ["REPAY-12", "REPAY-13"],
    "product": "own",
    "is_from_policy": True,
    "dimension": "decision-time",
    "lender": "own",
    "percent": 30,
    "own_plans": "Repayment at the end, or in 3 / 6 instalments from a score of 700.",
    "weights_note": "These weights are in force.",
}
