"""The product numbers in force, written for people: what the texts of the guide are filled with.

Each field of each policy is a number under its own name, with the unit that is shown: ``_fen``
becomes ``_yuan``, ``_ppm`` and ``_permille`` become ``_percent``. No text of the guide holds a
digit of its own (GEN-16).
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, time
from typing import Any

from django.utils.translation import gettext

from accounts.consents import rules as consents
from backoffice.core.money import yuan
from backoffice.core.policy import current, registered
from loans.accounting.rules.accrual import rate_micro
from loans.accounting.rules.codes import Accrual
from risk.policy import GRADES
from risk.scoring.rules.score import LONG_PLANS, SHORT_PLANS

HEADLINE_YEAR_DAYS = 360  # GEN-7, RATE-2 the headline of the article; legal figures count 365 days
_PER_PERCENT = {"_ppm": 10_000, "_permille": 10, "_ppb": 10_000_000}


def in_force(*, on: date) -> dict[str, str]:
    """Return the numbers of all policies in force on a day, in the active language."""
    return written({app: current(policy, on=on) for app, policy in registered().items()})


def by_default() -> dict[str, str]:
    """Return the numbers of the rulebook, in the active language."""
    return written({app: policy() for app, policy in registered().items()})


def written(policies: Mapping[str, Any]) -> dict[str, str]:
    """Return the numbers of policies by the names that texts use, in the active language."""
    found = _derived(policies)
    for policy in policies.values():
        for field in fields(policy):
            name, text = _shown(field.name, getattr(policy, field.name))
            assert name not in found, f"two product numbers are named {name}"
            found[name] = text
    return found


def filled(text: str, numbers: Mapping[str, str]) -> str:
    """Return a text of the guide in the active language with its numbers."""
    return gettext(text).format_map(numbers)


def percent(value: int, per_percent: int) -> str:
    """Write a rate in parts as per cent, exactly: 200 ppm becomes ``0.02``."""
    decimals = len(str(per_percent)) - 1
    text = f"{value // per_percent}.{value % per_percent:0{decimals}}"
    return text.rstrip("0").removesuffix(".")


def _shown(name: str, value: Any) -> tuple[str, str]:
    if isinstance(value, time):
        return name, value.isoformat("minutes")
    if name.endswith("_fen"):
        return name.removesuffix("_fen") + "_yuan", yuan(value).removesuffix(".00")
    for unit, per_percent in _PER_PERCENT.items():
        if name.endswith(unit):
            return name.removesuffix(unit) + "_percent", percent(value, per_percent)
    return name, str(value)


def _penalty_percent(terms: Any, *, nights: int = 1) -> str:
    """Return the penalty rate in per cent: one, or those of the lowest and highest rate (LAW-5)."""
    bounds = (terms.daily_rate_min_ppm, terms.daily_rate_max_ppm)
    rates = {rate_micro(Accrual.PENALTY, rate_ppm, terms) for rate_ppm in bounds}
    return " - ".join(percent(rate * nights, 10_000_000) for rate in sorted(rates))


def _derived(policies: Mapping[str, Any]) -> dict[str, str]:
    """Return what follows from several numbers, and what rules hold as constants."""
    scoring, terms = policies["scoring"], policies["loans"]
    best, worst = (getattr(scoring, f"rate_{grade}_ppm") for grade in (GRADES[0], GRADES[-1]))
    legal, headline = terms.cap_year_days, HEADLINE_YEAR_DAYS
    purposes = [one for one in consents.PURPOSES.values() if one.is_required]
    return {
        "daily_best_percent": percent(best, 10_000),
        "daily_worst_percent": percent(worst, 10_000),
        "annual_best_percent": percent(best * legal, 10_000),
        "annual_worst_percent": percent(worst * legal, 10_000),
        "headline_best_percent": percent(best * headline, 10_000),
        "headline_worst_percent": percent(worst * headline, 10_000),
        "headline_year_days": str(headline),
        "penalty_rate_percent": _penalty_percent(terms),
        "penalty_annual_percent": _penalty_percent(terms, nights=legal),
        "limit_max_yuan": yuan(policies["accounts"].limit_max_fen).removesuffix(".00"),
        "short_plans": " / ".join(map(str, SHORT_PLANS)),
        "long_plans": " / ".join(map(str, LONG_PLANS)),
        "score_max": str(scoring.score_base + scoring.score_span),
        "required_consents": gettext(", ").join(gettext(one.title) for one in purposes),
        "growth_max_percent": percent(policies["limits"].growth_ceiling_permille - 1000, 10),
        "growth_step_percent": percent(policies["limits"].growth_up_permille - 1000, 10),
        "growth_fall_percent": percent(1000 - policies["limits"].growth_down_permille, 10),
    }
