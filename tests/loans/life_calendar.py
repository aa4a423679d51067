"""The days that the customers of a cohort share: the product's jobs, and moments between them."""

from datetime import date, time, timedelta

from backoffice.core import clock
from backoffice.platform import jobs
from loans.tasks import debit_jobs
from tests.acceptance import world
from tests.loans.life_loans import DAY

MORNING, EVENING = time(6, 31), time(21, 31)
STEP = timedelta(seconds=40)  # longer than a cost sheet is read


class LifeCalendar:
    """The day, and whether its debits have run."""

    def __init__(self, first: date) -> None:
        self.today, self.moments, self.is_debited = first, 0, True

    @property
    def now(self):
        """A moment of today, after every one before."""
        self.moments += 1
        start = clock.moment_of(self.today, EVENING if self.is_debited else MORNING)
        return start + self.moments * STEP

    def begin_day(self):
        """Run the jobs of the night and of the early morning."""
        self.today, self.moments, self.is_debited = self.today + DAY, 0, False
        clock.move_to(clock.moment_of(self.today, time()), is_back_allowed=True)
        for job in self.jobs():
            if job.at <= MORNING:
                world.work(job, clock.moment_of(self.today, job.at))
        clock.move_to(self.now, is_back_allowed=True)

    def end_day(self):
        """Run the debits of the day and what follows them; yield after each run of debits."""
        self.is_debited, self.moments = True, 0
        hours = {job.name for job in debit_jobs(self.today)}
        for job in self.jobs():
            if job.at > MORNING:
                at = clock.moment_of(self.today, job.at)
                is_retry = job.name in hours
                if world.work(job, at, is_retry=is_retry) and is_retry:
                    yield job

    def jobs(self):
        return [job for job in jobs.in_order(on=self.today) if world.is_run(job)]
