"""The text of a loan agreement, in each language, and its digest (OPS-6)."""

import json
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from backoffice.core.money import yuan


class AgreedLoan(NamedTuple):
    """What a loan agreement names: amounts in fen, codes already in words."""

    customer: str
    id_number: str
    card: str
    amount_fen: int
    plan: str
    purpose: str
    drawn_on: date
    sheet_digest: str


# The sheet that the digest names is part of the agreement: it holds rates, schedule and fees.
_TEXTS = {
    "zh-hans": (
        "借款合同\n"
        "借款人：{customer}（证件号码 {id_number}）\n"
        "借款金额：人民币 {amount} 元；还款方式：{plan}；借款用途：{purpose}。\n"
        "收款账户：{card}。借款自款项到账之日起计息。\n"
        "借款人承诺不将借款用于购买房产、股票等证券、投资理财或偿还其他贷款。\n"
        "综合融资成本明示表（SHA-256：{sheet_digest}）为本合同的组成部分，"
        "其中列明利率、还款计划、全部费用及违约成本。\n"
        "申请日期：{drawn_on}。借款人以一次性交易密码授权确认本合同。\n"
    ),
    "en": (
        "Loan agreement\n"
        "Borrower: {customer} (ID number {id_number})\n"
        "Amount: {amount} yuan; repayment: {plan}; purpose: {purpose}.\n"
        "Paid out to: {card}. Interest begins on the day on which the bank pays the money out.\n"
        "The borrower does not use the loan for property, stocks or other securities, investment, "
        "or the repayment of other loans.\n"
        "The sheet of financing costs (SHA-256: {sheet_digest}) is part of this agreement; it "
        "lists the rate, the schedule, every fee and the costs of default.\n"
        "Requested on {drawn_on}. The borrower confirms by a one-time authorisation with the "
        "transaction password.\n"
    ),
}
LANGUAGES = tuple(_TEXTS)


def text(language: str, loan: AgreedLoan) -> str:
    """Return the agreement in a language; its words for codes are the caller's."""
    facts = loan._asdict() | {"amount": yuan(loan.amount_fen)}
    return _TEXTS[language].format(**facts)


def digest(texts: Mapping[str, str]) -> str:
    """Return the SHA-256 of the texts in canonical JSON."""
    canonical = json.dumps(dict(texts), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()
