"""``manage.py replay_assessment ID | --all``: decisions computed again from what was frozen."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.management.base import BadArgumentError, SystemCommand
from risk.decisions import queries
from risk.decisions.operations import numbers
from risk.models import Assessment


class NotScoredError(BadArgumentError):
    """No assessment with this id has a result to compute again."""

    code = "assessment-not-scored"
    message = gettext_lazy("No assessment with a result has the id {id}.")
    remedy = gettext_lazy("Give the number of a scored assessment, such as 42, or --all.")


class Command(SystemCommand):
    """Compute stored results again; exit code 1 if one differs."""

    help = _("Compute decisions again from their frozen inputs and numbers, and compare.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("id", nargs="?", type=int, help=_("the number after AS"))
        which.add_argument("--all", action="store_true", help=_("every scored assessment"))

    def perform(self, **options: Any) -> dict[str, Any]:
        scored = Assessment.objects.filter(scored_at__isnull=False).order_by("pk")
        if not options["all"]:
            scored = scored.filter(pk=options["id"])
            if not scored.exists():
                raise NotScoredError(id=options["id"])
        count, differing = 0, []
        for assessment in scored.iterator(chunk_size=500):
            count += 1
            if found := _differences(assessment):
                differing.append({"assessment": str(assessment), "differences": found})
        return {"replayed": count, "differing": differing}

    def show(self, result: dict[str, Any]) -> None:
        words = _("{replayed} replayed, {differing} differ.")
        self.stdout.write(
            words.format(replayed=result["replayed"], differing=len(result["differing"]))
        )
        for one in result["differing"]:
            for found in one["differences"]:
                line = _("{assessment} {place}: stored {stored}, computed {computed}")
                self.stdout.write(line.format(assessment=one["assessment"], **found))

    def failed(self, result: dict[str, Any]) -> bool:
        return bool(result["differing"])


def _differences(assessment: Assessment) -> list[dict[str, Any]]:
    frozen = numbers.thaw(assessment.policies)
    computed = queries.computed(assessment, scoring=frozen.scoring, limits=frozen.limits)
    found = queries.differences(assessment.result, computed)
    return [one._asdict() for one in found]
