"""Facts, decisions and credit lines."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RiskConfig(AppConfig):
    """The app of decisions and limits: policies, queues, exports and account closure."""

    name = "risk"
    verbose_name = _("Risk")

    def ready(self) -> None:
        """Register policies, jobs, queues, what starts a decision, exports, account closure."""
        from accounts.consents.operations import consents
        from accounts.login.api import me
        from accounts.privacy.operations import deletions
        from accounts.privacy.operations import exports as copies
        from accounts.proofs.operations import reviews as proof_reviews
        from backoffice.core import policy
        from backoffice.platform import approvals, jobs, outbox, work_queue
        from backoffice.web.api import examples
        from risk import account_closure, tasks
        from risk.api_examples import EXAMPLES
        from risk.bureau import export as bureau
        from risk.decisions import examples as decision_examples
        from risk.decisions import export as decisions
        from risk.decisions import next_steps
        from risk.decisions import tasks as tasks_of_decisions
        from risk.decisions.operations import inputs, purchases, reviews, special_reviews
        from risk.decisions.operations import requests as assessments
        from risk.facts import export as facts
        from risk.facts.operations import events
        from risk.lines import export as exports
        from risk.lines import tasks as line_tasks
        from risk.lines.examples import EXAMPLES as OF_LINES
        from risk.lines.operations import reviews as limit_reviews
        from risk.lines.queries import limit_reviews as review_requests
        from risk.policy import AssessmentPolicy, LimitPolicy, ScoringPolicy
        from risk.sandbox import operations as sandbox

        for values in (EXAMPLES, OF_LINES, decision_examples.EXAMPLES):
            examples.register(values)
        policy.register("scoring", ScoringPolicy)
        policy.register("limits", LimitPolicy)
        policy.register("assessments", AssessmentPolicy)
        for job in (*tasks_of_decisions.JOBS, *line_tasks.JOBS):
            jobs.register(job)
        limit_reviews.register()
        approvals.let_read(limit_reviews.KIND, "risk.view_creditline")
        approvals.present(limit_reviews.KIND, review_requests.differences)
        events.register(special_reviews.open_for)
        events.register(purchases.announce)
        outbox.register(purchases.TOPIC, tasks.hold_purchase)
        proof_reviews.register(inputs.follow_proofs)
        for queue in (*reviews.QUEUES, special_reviews.WORK_QUEUE):
            work_queue.register(queue)
        assessments.register(tasks.start)
        me.register(next_steps.after_assessment)
        copies.register((*exports.SECTIONS, *facts.SECTIONS, *bureau.SECTIONS, *decisions.SECTIONS))
        consents.register(sandbox.announce)
        deletions.register(
            blocker=account_closure.blocker, end=account_closure.end,
            words=account_closure.WORDS, calls=account_closure.CALLS,
        )  # fmt: skip
        self._register_words()
        self._register_appeals()
        self._register_simulations()
        self._register_cut_reviews()

    def _register_words(self) -> None:
        """Register the words of stored codes: reasons, actors, references, answers of bureaus."""
        from accounts.customer_page.queries import provider_words
        from backoffice.core import reasons
        from risk.bureau import queries as bureau
        from risk.decisions.rules.reasons import TEXTS
        from risk.lines.rules.reasons import REFERENCES
        from risk.lines.rules.reasons import TEXTS as LINE_TEXTS

        provider_words.register(actions=bureau.ACTIONS, verdicts=bureau.VERDICTS)
        for texts in (TEXTS, LINE_TEXTS, REFERENCES):
            reasons.register(texts)

    def _register_simulations(self) -> None:
        """Register what belongs to simulations of product numbers."""
        from backoffice.core import reasons
        from backoffice.platform import policy_changes
        from risk import tasks
        from risk.simulation.operations import requests
        from risk.simulation.rules.reasons import TEXTS

        reasons.register(TEXTS)
        requests.register(tasks.start_simulation)
        policy_changes.register_check(requests.require_simulated)

    def _register_cut_reviews(self) -> None:
        """Register the human reviews of limit cuts and of suspended lines (LAW-18, REPAY-19)."""
        from accounts.customer_page.queries import timeline
        from backoffice.platform import work_queue
        from risk.lines.operations import cut_reviews, states
        from risk.lines.queries import cuts

        work_queue.register(cut_reviews.WORK_QUEUE)
        work_queue.register(states.WORK_QUEUE)
        timeline.register(cuts.history)

    def _register_appeals(self) -> None:
        """Register what belongs to appeals (FAQ-8)."""
        from accounts.customer_page.queries import timeline
        from accounts.privacy.operations import exports as copies
        from backoffice.core import policy, reasons
        from backoffice.platform import approvals, work_queue
        from backoffice.web.api import examples
        from risk.appeals import export, queries
        from risk.appeals.examples import EXAMPLES
        from risk.appeals.operations import queue, reviewing, upholding
        from risk.appeals.rules.reasons import TEXTS
        from risk.policy import AppealPolicy

        examples.register(EXAMPLES)
        policy.register("appeals", AppealPolicy)
        reasons.register(TEXTS)
        upholding.register()
        approvals.let_read(reviewing.KIND, "risk.view_appeal")
        work_queue.register(queue.WORK_QUEUE)
        timeline.register(queries.history)
        copies.register(export.SECTIONS)
