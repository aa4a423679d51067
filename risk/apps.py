"""Credit lines and conduct."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RiskConfig(AppConfig):
    """The app of limits: registers its policies, job, reviews, exports and account closure."""

    name = "risk"
    verbose_name = _("Risk")

    def ready(self) -> None:
        """Register policies, the job, limit reviews, the customer export, account closure."""
        from accounts.consents.operations import consents
        from accounts.privacy.operations import deletions
        from accounts.privacy.operations import exports as copies
        from backoffice.core import policy, reasons
        from backoffice.platform import jobs
        from backoffice.web.api import examples
        from risk import account_closure
        from risk.api_examples import EXAMPLES
        from risk.bureau import export as bureau
        from risk.facts import export as facts
        from risk.lines import export as exports
        from risk.lines import tasks
        from risk.lines.examples import EXAMPLES as OF_LINES
        from risk.lines.operations import reviews
        from risk.lines.rules.reasons import TEXTS
        from risk.policy import LimitPolicy, ScoringPolicy
        from risk.sandbox import operations as sandbox

        examples.register(EXAMPLES)
        examples.register(OF_LINES)
        policy.register("scoring", ScoringPolicy)
        policy.register("limits", LimitPolicy)
        reasons.register(TEXTS)
        for job in tasks.JOBS:
            jobs.register(job)
        reviews.register()
        copies.register((*exports.SECTIONS, *facts.SECTIONS, *bureau.SECTIONS))
        consents.register(sandbox.announce)
        deletions.register(
            blocker=account_closure.blocker, end=account_closure.end, words=account_closure.WORDS
        )
