"""What repayments are to the engine: money for a bill, and money for a loan before it is due."""

from loans.repayment.rules.payment import Payment
from loans.repayment.rules.settlement import Prepayment, Settlement, money_for_loan

Money = Payment | Settlement | Prepayment

__all__ = ["Money", "Payment", "Prepayment", "Settlement", "money_for_loan"]
