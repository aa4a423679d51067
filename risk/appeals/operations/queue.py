"""The work queue of appeals; the deadline of an item is that of its appeal (FAQ-8)."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from backoffice.platform import work_queue
from risk.policy import AppealPolicy

QUEUE = "appeal"
WORK_QUEUE = work_queue.Queue(
    name=QUEUE,
    title=_("appeals to review"),
    sla=timedelta(days=AppealPolicy().review_days),
    permission="risk.review_appeal",
)
