"""A debt by component, as the replies of this package have it."""

from typing import Any

from rest_framework import serializers

from loans.accounting.rules.debt import Debt


class DebtReply(serializers.Serializer[Any]):
    """What is owed, or changed, by component, in fen."""

    penalty_fen = serializers.IntegerField()
    late_fee_fen = serializers.IntegerField()
    interest_fen = serializers.IntegerField()
    plan_fee_fen = serializers.IntegerField()
    principal_fen = serializers.IntegerField()
    total_fen = serializers.IntegerField()


def debt_reply(debt: Debt) -> dict[str, int]:
    """Return the components of a debt and their sum, in fen."""
    return {**debt._asdict(), "total_fen": debt.total_fen}
