"""The page of the run of the day: what was planned, what came of it, and who may step in."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_noop, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.core.models import Approval, JobPause, JobRun
from backoffice.platform import job_control, jobs, tasks
from backoffice.web.admin_actions import typed_reason
from backoffice.web.readonly_admin import label, list_address
from loans.accounting.labels import code_words
from loans.collection.queries.debit_day import (
    DebitDay,
    Ends,
    Sums,
    days_with_runs,
    debit_day,
    runs_of,
)
from loans.collection.queries.due import first_debits, to_debit
from loans.models import DebitOrder, DebitOrderState

POLL_SECONDS = 2
WAIT_SECONDS = 10  # of a page that is open before its run begins


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the page and what its buttons send to."""
    return [
        path("run/", site.admin_view(require_GET(_page(site))), name="loans_run"),
        path("run/action/", site.admin_view(require_POST(_perform(site))), name="loans_run_action"),
    ]


def _page(site: AdminSite) -> Callable[[HttpRequest], HttpResponse]:
    """Return the view of the page; htmx asks it for the changing part alone."""

    def page(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("loans.view_debitorder"):
            raise PermissionDenied
        if request.headers.get("HX-Request"):
            on, job = _asked(request.GET)
            return render(
                request, "admin/loans/run_numbers.html", _numbers(request, on=on, job=job)
            )
        return _whole_page(site, request, request.GET)

    return page


def _whole_page(
    site: AdminSite, request: HttpRequest, query: Mapping[str, str], **more: object
) -> HttpResponse:
    on, job = _asked(query)
    is_todays = on == clock.business_date() and job == first_debits(on=on)
    today = gettext("Today's %(hour)s run") % {"hour": job}
    title = today if is_todays else gettext("Run of the day")
    context = {
        **site.each_context(request), **_numbers(request, on=on, job=job),
        "title": title, "days": days_with_runs(), **more,
    }  # fmt: skip
    return render(request, "admin/loans/run.html", context)


def _asked(query: Mapping[str, str]) -> tuple[date, str]:
    """Return the day and job of the page; by default the first debits of today."""
    try:
        on = date.fromisoformat(query.get("on", ""))
    except ValueError:
        on = clock.business_date()
    job = query.get("job", "")
    of_day = {known.name for known in jobs.in_order(on=on)}
    return on, job if job in of_day else first_debits(on=on)


class Card(NamedTuple):
    """One number of the page with the list behind it."""

    title: Any
    sums: Sums
    address: str = ""
    kind: str = ""


def _numbers(request: HttpRequest, *, on: date, job: str) -> dict[str, Any]:
    day = debit_day(on=on, job=job)
    return {
        "on": on,
        "job": job,
        "day": day,
        "run": day.run,
        "is_sandbox": settings.SANDBOX,
        "is_held": day.run is not None and jobs.is_held(day.run),
        "is_passed_over": _is_passed_over(day.run, jobs.job_named(job, on=on)),
        "poll_seconds": _poll_seconds(day.run, on=on),
        "cards": cards_of(day, on=on),
        "attempts": [_attempt(day, attempt, on=on) for attempt in day.attempts],
        "refusals": _refusals(day, on=on),
        "expected": _expected(day, on=on),
        "jobs": _jobs(on=on),
        "may": {name: request.user.has_perm(right) for name, right in RIGHTS.items()},
        "address": _address(on, job),
    }


def _poll_seconds(run: JobRun | None, *, on: date) -> int:
    """Return how often the page asks for news: while a run goes on, and before today's begins."""
    if run is None:
        return WAIT_SECONDS if on == clock.business_date() else 0
    return 0 if run.finished_at or jobs.is_held(run) else POLL_SECONDS


def _orders(day: DebitDay, *, on: date, **filters: object) -> str:
    """Return the list of a run's orders, filtered."""
    assert day.run is not None
    query = {"business_date": on, "run__id__exact": day.run.pk, "origin__exact": "auto"}
    return f"{list_address(DebitOrder)}?{urlencode(query | filters)}"


def cards_of(day: DebitDay, *, on: date) -> list[Card]:
    """Return the numbers of a run with their lists, for the page of the run and the overview."""
    if day.run is None:
        return []
    whole = day.whole
    states = DebitOrderState
    return [
        Card(_("Planned"), Sums(day.run.planned, day.run.planned_fen)),
        Card(_("Sent"), whole.sent, _orders(day, on=on)),
        Card(_("Paid"), whole.paid, _orders(day, on=on, state__exact=states.SUCCEEDED), "success"),
        Card(_("Failed"), whole.refused, _orders(day, on=on, state__exact=states.FAILED),
             "danger" if whole.refused.orders else ""),
        Card(_("Unknown"), whole.unknown, _orders(day, on=on, state__in="sent,unknown"),
             "warning" if whole.unknown.orders else ""),
        Card(_("Retry 2"), day.attempts[2].sent, _orders(day, on=on, attempt=2)),
        Card(_("Retry 3"), day.attempts[3].sent, _orders(day, on=on, attempt=3)),
    ]  # fmt: skip


class AttemptRow(NamedTuple):
    """How the orders of one attempt ended, each number with its list."""

    attempt: int
    ends: Ends
    sent: str
    paid: str
    refused: str
    unknown: str


def _attempt(day: DebitDay, attempt: int, *, on: date) -> AttemptRow:
    ends = day.attempts[attempt]
    if day.run is None:
        return AttemptRow(attempt, ends, "", "", "", "")
    return AttemptRow(
        attempt,
        ends,
        _orders(day, on=on, attempt=attempt),
        _orders(day, on=on, attempt=attempt, state__exact=DebitOrderState.SUCCEEDED),
        _orders(day, on=on, attempt=attempt, state__exact=DebitOrderState.FAILED),
        _orders(day, on=on, attempt=attempt, state__in="sent,unknown"),
    )


def _refusals(day: DebitDay, *, on: date) -> list[tuple[str, Sums, str]]:
    """Return the refusals by reason, the commonest first."""
    by_code = sorted(day.whole.by_code.items(), key=lambda item: (-item[1].orders, item[0]))
    return [
        (code_words(code), sums, _orders(day, on=on, state__exact="failed", code=code))
        for code, sums in by_code
    ]


def _expected(day: DebitDay, *, on: date) -> Sums | None:
    """Return what today's run would plan now, as long as nobody has planned it."""
    if day.run is not None or on != clock.business_date():
        return None
    bills = to_debit(on=on)
    return Sums(len(bills.ids), bills.amount_fen)


class JobRow(NamedTuple):
    """A job of the day: its run, its pause, and the open request to resume it."""

    job: jobs.Job
    run: JobRun | None
    pause: JobPause | None
    request: Approval | None
    state: Any
    address: str

    @property
    def is_counted(self) -> bool:
        """Say whether the work is planned item by item; what is one piece has nothing to count."""
        return self.job.plan is not None


def _jobs(*, on: date) -> list[JobRow]:
    runs = runs_of(on=on)
    pauses = jobs.pauses()
    open_requests = job_control.requests() if pauses else {}
    return [
        JobRow(job, run, pause, request, _state(job, run, pause, request), _address(on, job.name))
        for job in jobs.in_order(on=on)
        for run in [runs.get(job.name)]
        for pause in [pauses.get(job.code)]
        for request in [open_requests.get(pause.pk) if pause else None]
    ]


def _is_passed_over(run: JobRun | None, job: jobs.Job) -> bool:
    """Say whether a run has not finished within the time limit of its job."""
    if run is None or run.finished_at or jobs.is_held(run):
        return False
    return jobs.is_passed_over(job, on=run.business_date, now=clock.now())


def _state(
    job: jobs.Job, run: JobRun | None, pause: JobPause | None, request: Approval | None
) -> Any:
    """Return where a job stands, as a coloured label."""
    if run is not None and run.finished_at:
        return label(_("finished"), "paid")
    if request is not None:
        return label(_("resume requested"), "proposed")
    if pause is not None:
        return label(pause.get_state_display(), pause.state)
    if run is None:
        return label(_("not planned yet"), "")
    if jobs.is_held(run):
        return label(pgettext_lazy("run", "held"), "overdue")
    if _is_passed_over(run, job):
        return label(_("passed over"), "unknown")
    return label(_("running"), "sent")


def _address(on: date, job: str) -> str:
    return f"{reverse('admin:loans_run')}?{urlencode({'on': on, 'job': job})}"


RIGHTS = {
    "start": "backoffice.start_jobrun",
    "release": "backoffice.release_jobrun",
    "pause": "backoffice.add_jobpause",
    "request": "backoffice.request_resume",
    "keep": "backoffice.resume_job",
    "resume": "backoffice.resume_job",
}


def _perform(site: AdminSite) -> Callable[[HttpRequest], HttpResponse]:
    """Return the view that does what a button of the page asks for, if its person may.

    A refused one is shown again as it was sent; nothing was done, and a reload does nothing.
    """

    def perform(request: HttpRequest) -> HttpResponse:
        action = request.POST.get("action", "")
        if action not in RIGHTS or not request.user.has_perm(RIGHTS[action]):
            raise PermissionDenied
        try:
            messages.success(request, _ACTIONS[action](request))
        except Refused as refusal:
            messages.error(request, str(refusal))
            refused = {"action": action, "job": request.POST.get("job", ""),
                       "reason": request.POST.get("reason", ""), "refusal": refusal}  # fmt: skip
            return _whole_page(site, request, request.POST, refused=refused)
        except OperationalError:
            words = _("The message broker cannot be reached; the run begins when it is back.")
            messages.warning(request, words)
        return HttpResponseRedirect(reverse("admin:loans_run") + _back(request))

    return perform


def _back(request: HttpRequest) -> str:
    kept = {name: request.POST[name] for name in ("on", "job") if request.POST.get(name)}
    return f"?{urlencode(kept)}" if kept else ""


def _start(request: HttpRequest) -> str:
    """Send the parts that the tables show as due now, as the tick does."""
    chunks = job_control.start(by=_actor(request), at=clock.now())
    for chunk_id in chunks:
        tasks.run_chunk.delay(chunk_id)
    if not chunks:
        return gettext("Nothing is due now.")
    words = ngettext("{count} part was sent to the workers.",
                     "{count} parts were sent to the workers.", len(chunks))  # fmt: skip
    return words.format(count=len(chunks))


def _release(request: HttpRequest) -> str:
    run = job_control.release(_run(request).pk, by=_actor(request))
    _start(request)
    return gettext("The run {run} goes on.").format(run=run)


def _run(request: HttpRequest) -> JobRun:
    """Return the run a button names.

    Raises:
        Http404: there is none of that id.
    """
    try:
        run_id = int(request.POST.get("run", ""))
    except ValueError as error:
        raise Http404 from error
    return get_object_or_404(JobRun, pk=run_id)


def _pause(request: HttpRequest) -> str:
    job = request.POST.get("job", "")
    job_control.pause(job, by=_actor(request), reason=typed_reason(request), at=clock.now())
    return gettext("The job {job} is stopped.").format(job=job)


def _step(operation: Callable[..., None], words: str) -> Callable[[HttpRequest], str]:
    """Return the button of one step of a pause."""

    def step(request: HttpRequest) -> str:
        job = request.POST.get("job", "")
        operation(job, by=_actor(request), reason=typed_reason(request), at=clock.now())
        return gettext(words).format(job=job)

    return step


def _actor(request: HttpRequest) -> Any:
    """Return the person behind the request."""
    return request.user


_ACTIONS: dict[str, Callable[[HttpRequest], str]] = {
    "start": _start,
    "release": _release,
    "pause": _pause,
    "request": _step(
        job_control.request_resume, gettext_noop("A second person can now resume {job}.")
    ),
    "keep": _step(job_control.keep_paused, gettext_noop("The job {job} stays paused.")),
    "resume": _step(job_control.resume, gettext_noop("The job {job} runs again.")),
}
