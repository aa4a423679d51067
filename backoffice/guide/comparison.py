"""The comparison with other lenders (CMP-1): four dimensions, three products, and a prose block.

What is said of others is that of the source and its time: static, with a version. Everything said
of the own product follows from the numbers in force.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext

from backoffice.core.translation import gettext_noop as _
from backoffice.guide.numbers import filled
from risk.policy import COMPONENTS

VERSION = "2026-11"  # of the statements on others; a change of one is another version
# The source names 2024 as the future: it was written by the end of 2023.
SOURCE_ON = date(2023, 12, 31)
SOURCE_TITLE = "微信微贷粒怎么开通"
SOURCE_NOTE = _(
    "What is said of other lenders is taken from this article, written by the given day, and was"
    " not checked since. Ask them for their present terms."
)


class Product(StrEnum):
    """The products of the table."""

    OWN = "own"
    BANK = "bank"
    JIEBEI = "jiebei"


class Dimension(StrEnum):
    """The rows of the table."""

    DECISION_TIME = "decision-time"
    ANNUAL_RATE = "annual-rate"
    LIMIT_RANGE = "limit-range"
    RISK_FOCUS = "risk-focus"


# The numbers of other lenders as the source has them.
SOURCE_NUMBERS: Mapping[str, str] = {
    "bank_days": "3", "bank_annual_min": "4.5", "bank_annual_max": "24",
    "bank_limit_min": "50,000", "bank_limit_max": "500,000",
    "jiebei_minutes": "30", "jiebei_annual_min": "6", "jiebei_annual_max": "24",
    "jiebei_limit_min": "1,000", "jiebei_limit_max": "300,000",
    "jintiao_more_min": "0.5", "jintiao_more_max": "1", "own_loan_mean": "8,000",
}  # fmt: skip
PRODUCTS = {
    Product.OWN: _("this product"),
    Product.BANK: _("bank credit loan"),
    Product.JIEBEI: _("Alipay Jiebei"),
}
TABLE: dict[Dimension, tuple[str, dict[Product, str]]] = {
    Dimension.DECISION_TIME: (_("Time to the decision"), {
        Product.OWN: _("{decision_minutes} minutes"),
        Product.BANK: _("{bank_days} working days"),
        Product.JIEBEI: _("{jiebei_minutes} minutes"),
    }),
    Dimension.ANNUAL_RATE: (_("Annual rate"), {
        Product.OWN: _(
            "{annual_best_percent} % - {annual_worst_percent} % of {cap_year_days} days, that is"
            " {daily_best_percent} % - {daily_worst_percent} % a day ({headline_best_percent} % -"
            " {headline_worst_percent} % of {headline_year_days} days)"
        ),
        Product.BANK: _("{bank_annual_min} % - {bank_annual_max} %"),
        Product.JIEBEI: _("{jiebei_annual_min} % - {jiebei_annual_max} %"),
    }),
    Dimension.LIMIT_RANGE: (_("Limit"), {
        Product.OWN: _("{limit_min_yuan} - {limit_max_yuan} yuan"),
        Product.BANK: _("{bank_limit_min} - {bank_limit_max} yuan"),
        Product.JIEBEI: _("{jiebei_limit_min} - {jiebei_limit_max} yuan"),
    }),
    Dimension.RISK_FOCUS: (_("Focus of risk control"), {
        Product.OWN: _(
            "payment behaviour {payment_weight_percent} %, social relations"
            " {social_weight_percent} %"
        ),
        Product.BANK: _("credit report"),
        Product.JIEBEI: _("records of consumption"),
    }),
}  # fmt: skip
PLANS = _(
    "Repayment at the end, or in {short_plans} instalments from a score of {plan_score_min} and"
    " in {long_plans} instalments from {long_plan_score_min}."
)
WEIGHTS_NOTE = _(
    "The source calls social data the focus of this product, and gives payment behaviour the larger"
    " weight. These weights are in force."
)
PROSE = (
    ("own", _("this product"), _(
        "Small and frequent loans, {own_loan_mean} yuan on average by the source. The limit of at"
        " most {limit_max_yuan} yuan is usually below that of a bank. Continuity of the account"
        " counts: at least {history_months} months of use of WeChat."
    )),
    ("jiebei", _("Alipay Jiebei"), _(
        "Both decide by large amounts of data; Jiebei relies on the data of its online shops."
    )),
    ("jintiao", _("JD Jintiao"), _(
        "Tied to the purchases in its own shop; the rate is usually {jintiao_more_min} to"
        " {jintiao_more_max} percentage points higher than that of this product."
    )),
    ("zhaolian", _("Merchants Union Consumer Finance"), _(
        "Licensed lenders such as this one aim at large and rare loans and may rely more on the"
        " report of the central bank."
    )),
)  # fmt: skip
_WEIGHT_TITLES = {
    "payment": _("payment behaviour"),
    "social": _("social relations"),
    "wealth": _("holdings"),
    "consumption": _("consumption"),
    "performance": _("repayment history"),
}


class ComparisonCell(NamedTuple):
    """What is said of a product in a dimension."""

    product: str
    text: str
    is_from_policy: bool


class ComparisonRow(NamedTuple):
    """A dimension with a cell for each product."""

    dimension: str
    title: str
    cells: list[ComparisonCell]


class Weight(NamedTuple):
    """The weight of a component of the score."""

    component: str
    title: str
    percent: int


class Paragraph(NamedTuple):
    """A paragraph on a lender."""

    lender: str
    title: str
    text: str


def rows(numbers: Mapping[str, str]) -> Iterator[ComparisonRow]:
    """Yield the rows of the table in the active language; the own cells follow the policy."""
    known = {**numbers, **SOURCE_NUMBERS}
    for dimension, (title, cells) in TABLE.items():
        listed = [
            ComparisonCell(product, filled(text, known), product is Product.OWN)
            for product, text in cells.items()
        ]
        yield ComparisonRow(dimension, gettext(title), listed)


def prose(numbers: Mapping[str, str]) -> Iterator[Paragraph]:
    """Yield the paragraphs on each lender in the active language."""
    known = {**numbers, **SOURCE_NUMBERS}
    for lender, title, text in PROSE:
        yield Paragraph(lender, gettext(title), filled(text, known))


def weights(numbers: Mapping[str, str]) -> Iterator[Weight]:
    """Yield the weights in force of the five components (SCORE-1)."""
    for component in COMPONENTS:
        percent = int(numbers[f"{component}_weight_percent"])
        yield Weight(component, gettext(_WEIGHT_TITLES[component]), percent)
