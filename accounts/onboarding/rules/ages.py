"""How old somebody is on a day (ELIG-1).

The birthday itself counts as reached. Who was born on 29 February reaches it on 1 March in common
years: for the lower bound the stricter choice.
"""

from datetime import date


def birthday(born_on: date, years: int) -> date:
    """Return the day on which a number of complete years is reached."""
    year = born_on.year + years
    try:
        return born_on.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def complete_years(born_on: date, on: date) -> int:
    """Return the complete years on a day; negative before the birth."""
    years = on.year - born_on.year
    return years - (on < birthday(born_on, years))


def is_of_age(born_on: date, on: date, age_min: int, age_max: int) -> bool:
    """Say whether the complete years on a day lie inside both bounds.

    The whole year of life after the upper birthday is inside: 60 lasts to the day before the
    61st birthday.
    """
    return age_min <= complete_years(born_on, on) <= age_max
