"""Staff, customers and their cards."""

from datetime import timedelta
from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """The app of people: its policy; after a migration each group gets the rights of the table."""

    name = "accounts"
    verbose_name = _("Customers and staff")

    def ready(self) -> None:
        """Register the policy; rights exist only after a migration, one app after the other."""
        from accounts import tasks
        from accounts.api_examples import EXAMPLES
        from accounts.cards.operations import cards
        from accounts.consents.operations import face_recordings
        from accounts.customers.rules.reasons import TEXTS
        from accounts.identity.operations import identities
        from accounts.policy import AccountPolicy
        from accounts.privacy.operations import deletions, unmasking
        from accounts.profile import operations as profiles
        from accounts.proofs.operations import reviews as proof_reviews
        from backoffice.core import policy, reasons
        from backoffice.platform import access, jobs, outbox, work_queue
        from backoffice.web import wording
        from backoffice.web.api import examples

        examples.register(EXAMPLES)
        policy.register("accounts", AccountPolicy)
        reasons.register(TEXTS)
        access.register(unmasking.record_export)
        wording.register_actor("customer", "accounts.customer")
        for job in tasks.JOBS:
            jobs.register(job)
        work_queue.register(
            work_queue.Queue(
                name=face_recordings.QUEUE,
                title=_("identity submissions in manual review"),
                sla=timedelta(hours=24),
                permission="accounts.decide_identityverification",
            )
        )
        work_queue.register(
            work_queue.Queue(
                name=profiles.QUEUE,
                title=_("profiles in manual review"),
                sla=timedelta(hours=24),
                permission="accounts.decide_profilereview",
            )
        )
        work_queue.register(proof_reviews.WORK_QUEUE)
        for end in (profiles.end, proof_reviews.end):
            deletions.register(blocker=lambda _customer_id: "", end=end, words={}, calls={})
        outbox.register(identities.TOPIC, tasks.check_identity)
        outbox.register(cards.TOPIC, tasks.check_card)
        post_migrate.connect(_grant_rights, dispatch_uid="accounts.groups")


def _grant_rights(sender: AppConfig, using: str, **_: Any) -> None:
    """Give the groups their rights on one app's models: those of the table and no others."""
    from accounts.staff.rules import GROUPS

    app = sender.label
    groups = apps.get_model("auth", "Group").objects.using(using)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    of_app = {
        permission.codename: permission
        for permission in permissions.filter(content_type__app_label=app)
    }
    for group in groups.filter(name__in=GROUPS):
        rights = [right.split(".") for right in GROUPS[group.name]]
        wanted = {of_app[codename] for label, codename in rights if label == app}
        kept = set(group.permissions.using(using).filter(content_type__app_label=app))
        group.permissions.remove(*(kept - wanted))
        group.permissions.add(*(wanted - kept))
