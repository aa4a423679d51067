"""The inputs of the model part of lines."""

from collections.abc import Sequence

from backoffice.core import bulk
from risk.models import ModelInputs


def latest(line_ids: Sequence[int]) -> dict[int, ModelInputs]:
    """Return the inputs in force of each line that has some."""
    rows = ModelInputs.objects.filter(line_id__any=bulk.Of(line_ids))
    in_force = rows.order_by("line_id", "-pk").distinct("line_id")
    return {row.line_id: row for row in in_force}
