"""An imported line begins with the change that says where its limit comes from (LIMIT-14)."""

import pytest

from risk.lines.operations.imports import ImportedLine, record_import
from risk.models import CreditLine, LimitChange
from tests.risk.lines.making import BY, ON, changes, customer, moment

pytestmark = pytest.mark.django_db


def test_the_first_change_of_an_imported_line():
    line = CreditLine.objects.create(
        customer=customer(), limit_fen=1_234_500, buffer_permille=150, opened_on=ON
    )

    one = ImportedLine(line.customer_id, line.pk, line.limit_fen, "book:1")
    record_import([one], by=BY, on=ON, at=moment(ON))

    assert changes(line) == [(0, 1_234_500, 1_234_500, "LIMIT-1", "limit-imported")]
    assert LimitChange.objects.get().evidence == "book:1"
