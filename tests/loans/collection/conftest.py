"""What the tests of collection share."""

from tests.backoffice.conftest import together

__all__ = ["together"]
