"""The glossary (GEN-16): the terms of the product in plain language.

Texts are filled with the numbers in force; none holds a digit of its own.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from backoffice.core.translation import gettext_noop as _
from backoffice.guide.numbers import filled


class TermText(NamedTuple):
    """A term, its explanation, and the rules that it follows."""

    term: str
    title: str
    text: str
    rules: tuple[str, ...]


TERMS = (
    TermText(
        "credit-line", _("Credit line and limit"),
        _("The limit is the most that you can owe at the same time. It lies between"
          " {limit_min_yuan} and {limit_max_yuan} yuan, follows your income, occupation, proved"
          " assets and spending, and moves by at most {daily_walk_percent} % a day."),
        ("LIMIT-1", "LIMIT-5"),
    ),
    TermText(
        "available", _("Available amount"),
        _("What you can draw now: limit and temporary limit, less the buffer, less what is held"
          " for large purchases, less what you have drawn. Never below zero."),
        ("LIMIT-9",),
    ),
    TermText(
        "buffer", _("Buffer"),
        _("{buffer_percent} % of the limit and the temporary limit together. It cannot be drawn,"
          " protects against sudden spending, and costs nothing. Limit and available amount are"
          " always shown side by side."),
        ("LIMIT-9",),
    ),
    TermText(
        "hold", _("Hold for a large purchase"),
        _("After a payment of more than {reserve_over_yuan} yuan, {reserve_percent} % of it is"
          " held on the line. The hold ends when the payment has been reviewed, at the latest"
          " after {reserve_hours} hours."),
        ("LIMIT-6", "SCORE-3"),
    ),
    TermText(
        "temporary-limit", _("Temporary limit"),
        _("An addition to the limit for at most {temporary_days_max} days and at most"
          " {temporary_max_percent} % of it. It needs the last {temporary_bills} bills paid in full"
          " by their due dates, and {temporary_gap_days} days between two. When it ends, loans keep"
          " their schedules."),
        ("LIMIT-7", "LIMIT-8"),
    ),
    TermText(
        "limit-change", _("Change of the limit"),
        _("A bill paid in full raises the limit by {growth_step_percent} %, an overdue bill lowers"
          " it by {growth_fall_percent} %. Such rises together give at most {growth_max_percent} %"
          " in {growth_window_days} days. Each change is listed with its reason."),
        ("LIMIT-10", "LIMIT-11", "LIMIT-14"),
    ),
    TermText(
        "growth-points", _("Growth points"),
        _("{growth_point_day} for a day with a payment, {growth_point_bill} for a bill paid in"
          " full, none in a month with an overdue record. {growth_points_full} points raise the"
          " limit by {growth_points_max_percent} % on the anniversary of the line; fewer raise it"
          " in proportion."),
        ("SCORE-10",),
    ),
    TermText(
        "score", _("Score"),
        _("A number from {score_base} to {score_max}. Payment behaviour counts"
          " {payment_weight_percent} %, social relations {social_weight_percent} %, holdings"
          " {wealth_weight_percent} %, consumption {consumption_weight_percent} %, repayment"
          " history {performance_weight_percent} %. A source without consent drops out and the"
          " others weigh more."),
        ("SCORE-1", "SCORE-8", "SCORE-9"),
    ),
    TermText(
        "grade", _("Grade"),
        _("The score gives a grade and the grade a rate: from {grade_aaa_min} points the best"
          " ({rate_aaa_percent} % a day), from {grade_c_min} the last ({rate_c_percent} % a day)."
          " Below {grade_c_min} no line is opened."),
        ("SCORE-11", "RATE-1"),
    ),
    TermText(
        "rate", _("Annual and daily rate"),
        _("Interest counts by day on the principal still owed. {daily_best_percent} % to"
          " {daily_worst_percent} % a day is {annual_best_percent} % to {annual_worst_percent} % a"
          " year of {cap_year_days} days, the figure of every contract. The headline of"
          " {headline_best_percent} % to {headline_worst_percent} % counts {headline_year_days}"
          " days. The rate of a loan is fixed when it is drawn."),
        ("RATE-1", "RATE-2", "GEN-7", "LAW-1"),
    ),
    TermText(
        "cap", _("Cost cap"),
        _("Interest, fees and penalty together are never more than {cap_annual_percent} % a year of"
          " what you owe. What is above is permanently waived and shown."),
        ("RATE-7",),
    ),
    TermText(
        "plan", _("Instalment plan"),
        _("Repayment in {short_plans} instalments opens with a score of {plan_score_min}, in"
          " {long_plans} instalments with {long_plan_score_min}. Without a plan a loan is repaid"
          " at its end at once."),
        ("REPAY-6",),
    ),
    TermText(
        "due-date", _("Bill and due date"),
        _("A bill is issued {bill_lead_days} days before its due date. It lists principal, interest"
          " and fees one by one."),
        ("REPAY-2",),
    ),
    TermText(
        "minimum", _("Minimum payment"),
        _("{minimum_percent} % of the bill; a bill below {minimum_floor_yuan} yuan is paid whole."
          " The remainder bears {revolve_factor_percent} % of the ordinary daily rate. After"
          " {minimum_months_max} months with the minimum only, the whole bill is due."),
        ("REPAY-7", "REPAY-9"),
    ),
    TermText(
        "grace", _("Grace period"),
        _("{grace_days} days after the due date. Whoever pays in them has no overdue record, but"
          " pays the late fee."),
        ("REPAY-12", "REPAY-13"),
    ),
    TermText(
        "late-fee", _("Late fee"),
        _("{late_fee_percent} % of what is unpaid on the day after the due date, once per bill."),
        ("REPAY-13",),
    ),
    TermText(
        "penalty", _("Penalty interest"),
        _("{penalty_rate_percent} % a day of the overdue principal and of the penalty already"
          " charged, from the day of the overdue record on. It replaces the ordinary interest."
          " Without the cost cap it would be {penalty_annual_percent} % a year; the cap limits"
          " it."),
        ("RATE-5", "RATE-6", "RATE-7"),
    ),
    TermText(
        "allocation", _("Repayment allocation"),
        _("A payment first settles penalty and late fee, then interest and fees, then principal."),
        ("REPAY-8",),
    ),
    TermText(
        "direct-debit", _("Direct debit"),
        _("Bills are debited from your card at {debit_at}. A failure on your side is repeated the"
          " next day, at most {debit_attempts_max} attempts; a technical fault does not count."),
        ("REPAY-11",),
    ),
    TermText(
        "overdue", _("Overdue record"),
        _("A bill that is unpaid after {debit_attempts_max} failed attempts and the grace period is"
          " recorded as overdue. A shortfall of at most {tolerance_yuan} yuan is carried to the"
          " next bill instead."),
        ("REPAY-11", "REPAY-16"),
    ),
    TermText(
        "cooling-off", _("Cooling-off period"),
        _("{cooling_off_hours} hours from registration in which everything can be read and no step"
          " can be taken. Nobody can shorten it."),
        ("ELIG-10",),
    ),
    TermText(
        "consent", _("Consent"),
        _("Your permission to use one source of data for one purpose. An assessment needs:"
          " {required_consents}. Withdrawing a consent takes effect at once."),
        ("GEN-14", "GEN-15"),
    ),
    TermText(
        "manual-review", _("Manual review"),
        _("A person of the lender decides where the facts contradict each other. The deadline of"
          " {decision_minutes} minutes is the same; a review is never an approval by itself."),
        ("GEN-12", "SCORE-12"),
    ),
    TermText(
        "human-review", _("Human review"),
        _("You may ask for a person to look again at each decision by a machine. Somebody who did"
          " not decide before answers within {human_review_hours} hours."),
        ("LAW-18", "FAQ-1"),
    ),
    TermText(
        "appeal", _("Appeal"),
        _("You contest a decision, a limit, or a credit report behind them within {filing_days}"
          " days, once you have read the report, with proofs if you have some. Somebody who did not"
          " decide before answers within {review_days} days, {bureau_review_days} for a credit"
          " report; an appeal never makes limit or rate worse."),
        ("FAQ-8", "LAW-18"),
    ),
    TermText(
        "special-review", _("Special review"),
        _("A single payment of more than {large_payment_yuan} yuan is looked at within"
          " {special_review_hours} hours. It is a review and blocks nothing."),
        ("SCORE-3",),
    ),
    TermText(
        "history", _("WeChat history"),
        _("A line needs at least {history_months} months of use of WeChat. Steady use over time"
          " counts for the score too."),
        ("ELIG-12", "CMP-2"),
    ),
)  # fmt: skip


def glossary(numbers: Mapping[str, str]) -> Iterator[TermText]:
    """Yield the terms in the active language, filled with product numbers."""
    for one in TERMS:
        yield one._replace(title=filled(one.title, numbers), text=filled(one.text, numbers))
