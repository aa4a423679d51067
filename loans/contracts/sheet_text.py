"""The text of a cost sheet in the active language, made from its JSON alone (LAW-1, LAW-2).

The yearly cost stands first; no daily or monthly rate comes before it. Whoever has the JSON can
make the text again.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from backoffice.core.money import divide_half_up, percent_of_ppb, yuan
from backoffice.web.wording import percent
from loans.accounting.rules.codes import Plan
from loans.contracts.rules.codes import QuotePurpose, Scenario
from loans.contracts.rules.cost_sheet import ContingentItem, CostItem, CostWay

Sheet = Mapping[str, Any]

ITEM_TITLES = {
    CostItem.INTEREST: _("interest"),
    CostItem.PLAN_FEE: _("instalment fee"),
    CostItem.SERVICE_FEE: _("service fee"),
    CostItem.INSURANCE: _("insurance"),
}
WAYS = {
    CostWay.DAILY: _("by the night on the unpaid principal, paid on the due date"),
    CostWay.INSTALMENTS: _("in equal parts with each instalment"),
    CostWay.NEVER: _("not charged"),
}
PLAN_TITLES = {
    Plan.BULLET: _("principal and interest in one payment"),
    Plan.PLAN_3: _("3 monthly instalments"),
    Plan.PLAN_6: _("6 monthly instalments"),
    Plan.PLAN_12: _("12 monthly instalments"),
}
PURPOSE_TITLES = {
    QuotePurpose.DRAWDOWN: _("drawdown"),
    QuotePurpose.CONVERSION: _("conversion of a bill into instalments"),
}
SCENARIO_TITLES = {Scenario.EDUCATION: _("education"), Scenario.MEDICAL: _("medical care")}
COLLECTORS = {"lender": _("the lender")}
_PPM_PER_PERMILLE = 1000
_DAYS = 365


def in_both_languages(sheet: Sheet) -> dict[str, str]:
    """Return the text of a sheet by language."""
    found = {}
    for language in ("zh-hans", "en"):
        with override(language):
            found[language] = text(sheet)
    return found


def text(sheet: Sheet) -> str:
    """Return the text of a sheet in the active language, one statement a line."""
    parts = (_yearly, _amounts, _converted, _schedule, _items, _contingent, _ending)
    return "\n".join(line for part in parts for line in part(sheet))


def rate(ppm: int) -> str:
    """Return a yearly rate with two decimals, half-up: 109013 becomes ``10.90%``."""
    hundredths = divide_half_up(ppm, 100)
    return f"{hundredths // 100}.{hundredths % 100:02}%"


def contingent(item: Mapping[str, Any]) -> str:
    """Return a contingent cost of a sheet in the active language."""
    return _CONTINGENT[ContingentItem(item["item"])](item)


def _yearly(sheet: Sheet) -> Iterator[str]:
    annual = sheet["annual"]
    yield gettext("Cost sheet: {purpose}").format(
        purpose=PURPOSE_TITLES[QuotePurpose(sheet["purpose"])]
    )
    yield gettext(
        "Yearly cost of this loan, all items together: {irr} (compound, by the real days of its"
        " payments, 365 days a year)."
    ).format(irr=rate(annual["irr_ppm"]))
    if annual["simple_365_ppm"] is not None:
        yield gettext("As a simple rate (daily rate x 365 days): {simple}.").format(
            simple=rate(annual["simple_365_ppm"])
        )
    yield gettext(
        "By a year of 360 days it would be {headline}: that figure is smaller and is shown for"
        " comparison only."
    ).format(headline=rate(annual["headline_360_ppm"]))


def _amounts(sheet: Sheet) -> Iterator[str]:
    yield gettext("Principal: {amount} yuan, {plan}, from {day}.").format(
        amount=yuan(sheet["amount_fen"]), plan=PLAN_TITLES[Plan(sheet["plan"])],
        day=sheet["drawn_on"],
    )  # fmt: skip
    yield gettext("To be paid in total: {total} yuan, of which {cost} yuan are the cost.").format(
        total=yuan(sheet["total_fen"]), cost=yuan(sheet["cost_fen"])
    )


def _converted(sheet: Sheet) -> Iterator[str]:
    """Return which loans a conversion is of, and that the amounts are the most there can be."""
    if "loans" not in sheet:
        return
    for loan in sheet["loans"]:
        yield gettext("Converted: the loan drawn on {day}, {amount} yuan of its principal.").format(
            day=loan["drawn_on"], amount=yuan(loan["principal_fen"])
        )
    yield gettext(
        "What you pay of it before {day} is not converted: instalments and fee become smaller then."
        " The interest up to {day} stays in the bill."
    ).format(day=sheet["drawn_on"])


def _schedule(sheet: Sheet) -> Iterator[str]:
    yield gettext("Payments:")
    for row in sheet["schedule"]:
        yield gettext(
            "{number}. {day}: {total} yuan = principal {principal} + interest {interest} +"
            " instalment fee {fee}"
        ).format(
            number=row["instalment"], day=row["due_on"], total=yuan(row["total_fen"]),
            principal=yuan(row["principal_fen"]), interest=yuan(row["interest_fen"]),
            fee=yuan(row["plan_fee_fen"]),
        )  # fmt: skip


def _items(sheet: Sheet) -> Iterator[str]:
    yield gettext("Cost items:")
    for item in sheet["items"]:
        yield gettext(
            "{title}: {amount} yuan; {way}; standard: {standard}; collected by {collector}; a year:"
            " {annual}"
        ).format(
            title=ITEM_TITLES[CostItem(item["item"])], amount=yuan(item["amount_fen"]),
            way=WAYS[CostWay(item["way"])], standard=_standard(item),
            collector=COLLECTORS[item["collector"]], annual=rate(item["annual_ppm"]),
        )  # fmt: skip


def _standard(item: Mapping[str, Any]) -> str:
    if item["way"] == CostWay.DAILY:
        return gettext("{rate} a day").format(rate=percent_of_ppb(item["standard_ppb"]))
    if item["way"] == CostWay.INSTALMENTS:
        return gettext("{rate} of the whole principal").format(
            rate=percent_of_ppb(item["standard_ppb"])
        )
    return gettext("none")


def _contingent(sheet: Sheet) -> Iterator[str]:
    yield gettext("Only if it is not paid as agreed, or paid early:")
    yield from map(contingent, sheet["contingent"])


def _late_fee(item: Mapping[str, Any]) -> str:
    return gettext(
        "Late fee: {rate} of what is unpaid when the due date ends, once a bill."
    ).format(rate=percent(item["ppm"]))


def _penalty(item: Mapping[str, Any]) -> str:
    ppb = item["ppb"] if "ppb" in item else item["ppm"] * 1000  # a sheet of version 1
    return gettext(
        "Penalty interest from the overdue record on: {rate} a day on overdue principal and unpaid"
        " penalty interest, compounded nightly, in place of interest ({annual} a year before the"
        " cap)."
    ).format(rate=percent_of_ppb(ppb), annual=rate(divide_half_up(ppb * _DAYS, 1000)))


def _revolving(item: Mapping[str, Any]) -> str:
    return gettext(
        "After a minimum payment the unpaid principal bears {factor} times the daily rate."
    ).format(factor=f"{item['factor_permille'] / 1000:g}")


def _prepayment(item: Mapping[str, Any]) -> str:
    words = gettext(
        "Early settlement: {rate} of the principal that is not billed yet, at least {least} yuan."
    )
    if item.get("is_in_part_too"):  # sheets before version 3 do not name it
        words = gettext(
            "Early settlement and partial prepayment: {rate} of the principal that is repaid before"
            " it is billed, at least {least} yuan each time."
        )
    return words.format(rate=percent(item["ppm"]), least=yuan(item["least_fen"]))


def _scenario_lost(item: Mapping[str, Any]) -> str:
    return gettext(
        "Without a proof of the purpose by the end of {day} the rate is {rate} a day for the nights"
        " after it."
    ).format(day=item["proof_until"], rate=percent(item["ppm"]))


_CONTINGENT: Mapping[ContingentItem, Callable[[Mapping[str, Any]], str]] = {
    ContingentItem.LATE_FEE: _late_fee,
    ContingentItem.PENALTY: _penalty,
    ContingentItem.REVOLVING: _revolving,
    ContingentItem.PREPAYMENT_FEE: _prepayment,
    ContingentItem.SCENARIO_LOST: _scenario_lost,
}


def _ending(sheet: Sheet) -> Iterator[str]:
    yield gettext(
        "All charges together never exceed {cap} a year of the outstanding principal; the excess is"
        " waived. The fee for repaying early is your choice and is not part of it."
    ).format(cap=percent(sheet["cap_annual_ppm"]))
    yield gettext("Nothing else is charged, by anybody.")
    notice = sheet["affordability"]
    if notice["is_high"]:
        yield gettext(
            "Notice: in {month} you would pay {due} yuan, more than {share} of your verified"
            " monthly income of {income} yuan. Borrow only what you can repay."
        ).format(
            month=notice["month"], due=yuan(notice["due_fen"]),
            share=percent(notice["share_max_permille"] * _PPM_PER_PERMILLE),
            income=yuan(notice["income_fen"]),
        )  # fmt: skip
