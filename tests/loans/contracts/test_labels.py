"""The terms of a contract as staff read them: words and units, in both languages."""

from dataclasses import asdict, fields

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.models import Staff
from loans.contracts.labels import TERMS, in_words
from loans.models import ContractTerms
from loans.policy import LoanTerms


def test_every_number_of_a_contract_has_words():
    assert set(TERMS) == {one.name for one in fields(LoanTerms)}


@pytest.mark.parametrize(
    ("language", "rows"),
    [
        ("en", [
            ("highest daily rate", "0.05% a day"), ("penalty interest on overdue principal",
             "0.1% a day"), ("cap on all charges", "24% a year"),
            ("late fee", "0.05% of the unpaid amount, once"),
            ("minimum payment", "10% of the bill"),
            ("smaller bills are paid in full", "10.00 yuan"),
            ("interest on the balance after a minimum payment", "1.5 times the daily rate"),
            ("grace after the due date", "3 days"),
            ("failed debits before overdue", "3 attempts"),
        ]),
        ("zh-hans", [
            ("最高日利率", "每日 0.05%"), ("逾期本金罚息", "每日 0.1%"),
            ("全部息费上限", "每年 24%"),
            ("滞纳金", "未还金额的 0.05%，一次性"), ("最低还款额", "账单的 10%"),
            ("低于此额的账单须全额还款", "10.00 元"), ("最低还款后余额的利息", "日利率的 1.5 倍"),
            ("到期后宽限", "3 天"), ("计入逾期前的扣款失败次数", "3 次"),
        ]),
    ],
)  # fmt: skip
def test_each_value_has_its_unit(language, rows):
    with override(language):
        shown = in_words(asdict(LoanTerms()))

    assert [row for row in rows if row not in shown] == []


def test_a_number_without_words_is_shown_as_it_is_stored():
    assert in_words({"later_ppm": 7}) == [("later_ppm", "7")]


@pytest.mark.django_db
def test_the_page_holds_no_stored_names(client):
    client.force_login(Staff.objects.create_superuser("admin"))
    terms = ContractTerms.objects.create(digest="d" * 64, numbers=asdict(LoanTerms()))

    for name, args in (("change", [terms.pk]), ("changelist", [])):
        page = client.get(reverse(f"admin:loans_contractterms_{name}", args=args))
        assert "0.1%" in page.content.decode()
        assert "_ppm" not in page.content.decode()
