"""What a loan may be used for (LAW-22)."""

import pytest

from loans.contracts.rules.purposes import LoanPurpose, is_allowed


@pytest.mark.parametrize("purpose", ["property", "stocks", "investment", "other-loans"])
def test_property_stocks_investment_and_other_loans_are_refused(purpose):
    assert not is_allowed(LoanPurpose(purpose))


def test_every_other_purpose_is_allowed():
    allowed = {purpose.value for purpose in LoanPurpose if is_allowed(purpose)}

    assert allowed == {
        "education", "medical", "renovation", "appliances", "travel", "wedding", "daily",
    }  # fmt: skip
