"""Credit reports: the form, the merged months, and what decisions count (ELIG-11, LAW-13, 15)."""

from copy import deepcopy
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.bureau import rules
from risk.bureau.rules import BureauCode, BureauPayloadError, BureauReading
from tests.profiles import pure

ON = date(2026, 11, 24)
NAMES = rules._month_names(ON)


def month(name, code="N", *, overdue_fen=0, repaid_on=None):
    return {"month": name, "code": code, "overdue_fen": overdue_fen, "repaid_on": repaid_on}


def account(codes="N" * 24, **other):
    months = [month(*pair) for pair in zip(NAMES, codes, strict=False)]
    return {"account": "A1", "opened_on": "2020-01-01", "limit_fen": 1_000_000,
            "balance_fen": 0, "months": months, **other}  # fmt: skip


def report(*accounts, inquiries=()):
    return {
        "report_id": "R1", "reported_on": "2026-11-24",
        "identity": {"name": "张三丰", "id_number": "11010119900307001X"},
        "accounts": list(accounts),
        "inquiries": [{"on": on, "reason": reason} for on, reason in inquiries],
    }  # fmt: skip


def read(*accounts, **other) -> BureauReading:
    return rules.read(report(*accounts, **other), on=ON)


def test_the_months_are_the_24_full_ones_before_the_month_of_application():
    assert (NAMES[0], NAMES[-1], len(NAMES)) == ("2024-11", "2026-10", 24)
    assert rules._month_names(date(2026, 1, 1))[-1] == "2025-12"


def test_months_outside_are_ignored_and_missing_ones_have_no_data():
    months = [month("2024-10", "7"), month("2024-11", "1"), month("2026-10"), month("2026-11", "7")]

    found = read(account(months=months))

    assert found.months == "1" + "#" * 22 + "N"
    assert not found.is_adverse


def test_each_month_has_the_gravest_code_of_all_accounts():
    found = read(account("N" * 22 + "12"), account("C" + "*" * 22 + "1"), account("#" * 23 + "N"))

    assert found.months == "N" * 22 + "12"
    assert (found.worst, found.count_1, found.count_2, found.count_3) == ("2", 1, 1, 0)


@pytest.mark.parametrize("code", list("4567GDZB"))
def test_more_than_ninety_days_and_bad_ends_are_adverse(code):
    assert read(account("N" * 23 + code)).is_adverse


@pytest.mark.parametrize("code", list("123NCM*#"))
def test_up_to_ninety_days_is_not_adverse(code):
    assert not read(account("N" * 23 + code)).is_adverse


def test_every_code_has_its_gravity():
    assert set(rules.GRAVITY) == set("N1234567*#CGDZBM") == {code.value for code in BureauCode}


@pytest.mark.parametrize(
    ("codes", "is_thin"), [("", True), ("#*" * 12, True), ("#" * 23 + "C", False)]
)
def test_a_file_without_repayments_is_thin(codes, is_thin):
    assert read(account(codes)).is_thin is is_thin


def test_no_account_is_a_thin_file():
    found = read()

    assert (found.is_thin, found.is_adverse, found.other_limit_fen) == (True, False, 0)


REPAIRED = {"name": "2025-12", "code": "7", "overdue_fen": 1_000_000, "repaid_on": "2026-03-31"}


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({}, "N"),
        ({"name": "2026-01"}, "7"),
        ({"overdue_fen": 1_000_001}, "7"),
        ({"repaid_on": "2026-04-01"}, "7"),
        ({"repaid_on": None}, "7"),
        ({"code": "B"}, "B"),
        ({"code": "*"}, "*"),
    ],
)
def test_an_overdue_that_the_credit_repair_covers_reads_as_normal(other, code):
    found = read(account(months=[month(**(REPAIRED | other))]))

    assert found.worst == code


def test_applications_of_thirty_days_are_counted():
    found = read(inquiries=[
        ("2026-10-25", "loan_approval"), ("2026-11-23", "card_approval"),
        ("2026-10-24", "loan_approval"), ("2026-11-24", "loan_approval"),
        ("2026-11-20", "post_loan_management"), ("2026-11-20", "own_request"),
        ("2026-11-20", "guarantee_review"),
    ])  # fmt: skip

    assert found.inquiry_count == 3


def test_limits_of_settled_accounts_do_not_count():
    found = read(
        account(limit_fen=5), account("N" * 23 + "C", limit_fen=70), account("", limit_fen=9)
    )

    assert found.other_limit_fen == 14


def broken(change):
    payload = report(account(), inquiries=[("2026-11-20", "own_request")])
    change(payload)
    return payload


NO_TEXT, NO_AMOUNT, NO_DAY = (
    "is no text of 1 to 128 characters", "is no amount in fen", "is no day",
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        (lambda p: p.pop("accounts"), "/accounts", "is missing"),
        (lambda p: p.update(accounts={}), "/accounts", "is no list of at most 500"),
        (lambda p: p["identity"].pop("name"), "/identity/name", "is missing"),
        (lambda p: p["identity"].update(name=""), "/identity/name", NO_TEXT),
        (lambda p: p.update(report_id="R" * 129), "/report_id", NO_TEXT),
        (lambda p: p.update(report_id=7), "/report_id", NO_TEXT),
        (lambda p: p.update(identity=[]), "/identity", "is no object"),
        (lambda p: p["accounts"].append(1), "/accounts/1", "is no object"),
        (lambda p: p["accounts"][0].update(limit_fen=-1), "/accounts/0/limit_fen", NO_AMOUNT),
        (lambda p: p["accounts"][0].update(limit_fen=1.5), "/accounts/0/limit_fen", NO_AMOUNT),
        (lambda p: p["accounts"][0].update(limit_fen=True), "/accounts/0/limit_fen", NO_AMOUNT),
        (lambda p: p["accounts"][0].update(balance_fen=10**13 + 1), "/accounts/0/balance_fen",
         NO_AMOUNT),
        (lambda p: p["accounts"][0].update(opened_on="2020"), "/accounts/0/opened_on", NO_DAY),
        (lambda p: p["accounts"][0].update(opened_on="20200101"), "/accounts/0/opened_on", NO_DAY),
        (lambda p: p["accounts"][0]["months"][3].update(code="X"), "/accounts/0/months/3/code",
         "is no code"),
        (lambda p: p["accounts"][0]["months"][3].update(month="2026-13"),
         "/accounts/0/months/3/month", "is no month"),
        (lambda p: p["accounts"][0]["months"][3].update(month="2026-10"), "/accounts/0/months",
         "a month is listed twice"),
        (lambda p: p["accounts"][0]["months"].append(month("2020-01")), "/accounts/0/months",
         "is no list of at most 24"),
        (lambda p: p["inquiries"][0].update(reason="curiosity"), "/inquiries/0/reason",
         "is no known reason"),
        (lambda p: p["inquiries"][0].update(on=20261120), "/inquiries/0/on", NO_DAY),
    ],
)  # fmt: skip
def test_a_malformed_report_is_refused_with_place_and_reason(change, place, reason):
    with pytest.raises(BureauPayloadError) as refused:
        rules.read(broken(change), on=ON)

    assert (refused.value.place, refused.value.reason) == (place, reason)
    assert str(refused.value) == f"{place}: {reason}"


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p["identity"].update(name="三"),
        lambda p: p.update(report_id="R" * 128),
        lambda p: p["accounts"][0].update(limit_fen=0, balance_fen=10**13),
        lambda p: p["accounts"][0]["months"][3].update(repaid_on="2026-01-31"),
    ],
)
def test_what_is_just_well_formed_is_read(change):
    assert rules.read(broken(change), on=ON).months == "N" * 24


def test_a_list_has_at_most_so_many_places():
    is_good = rules._is_list(2)

    assert is_good([]) and is_good([1, 2])
    assert not is_good([1, 2, 3]) and not is_good((1, 2))


def test_a_report_is_of_the_person_with_its_id_number():
    payload = report(account())

    rules.check_person(payload, id_number="11010119900307001X")
    with pytest.raises(BureauPayloadError) as refused:
        rules.check_person(payload, id_number="110101199003070011")
    assert (refused.value.place, refused.value.reason) == (
        "/identity/id_number", "is another person's",
    )  # fmt: skip


@pytest.mark.parametrize(("name", "worst"), [("2020-01", "N"), ("2019-12", "7")])
def test_the_credit_repair_begins_with_2020(name, worst):
    assert read(account(months=[month(**(REPAIRED | {"name": name}))])).months == "#" * 24
    assert rules._repaired(month(**(REPAIRED | {"name": name}))) == worst


def test_the_latest_month_decides_whether_an_account_is_settled():
    months = [month("2026-09", "C"), month("2026-10", "N")]

    assert read(account(months=months, limit_fen=7)).other_limit_fen == 7
    assert read(account(months=list(reversed(months)), limit_fen=7)).other_limit_fen == 7


def test_every_count_is_of_its_own_code():
    found = read(account("N" * 18 + "122333"))

    assert (found.count_1, found.count_2, found.count_3, found.worst) == (1, 2, 3, "3")


@pytest.mark.parametrize(
    ("payload", "place", "reason"),
    [
        (None, "/", "is no object"),
        ([], "/", "is no object"),
        ("report", "/", "is no object"),
        ({}, "/report_id", "is missing"),
    ],
)
def test_what_is_no_report_is_refused(payload, place, reason):
    with pytest.raises(BureauPayloadError) as refused:
        rules.read(payload, on=ON)

    assert (refused.value.place, refused.value.reason) == (place, reason)


codes = st.lists(st.sampled_from(list(rules.GRAVITY)), min_size=24, max_size=24).map("".join)


@pure
@given(codes, codes)
def test_another_account_never_makes_a_report_better(first, second):
    one, both = read(account(first)), read(account(first), account(second))

    assert all(rules.GRAVITY[b] >= rules.GRAVITY[a]
               for a, b in zip(one.months, both.months, strict=True))  # fmt: skip


@pure
@given(codes)
def test_a_reading_comes_back_from_json_exactly_and_leaves_the_report_as_it_is(first):
    payload = report(account(first))
    kept = deepcopy(payload)

    reading = rules.read(payload, on=ON)

    assert BureauReading.from_json(reading.as_json()) == reading
    assert payload == kept
