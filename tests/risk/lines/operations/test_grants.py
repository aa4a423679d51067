"""A grant opens a line once; another one sets model part and target (LIMIT-1 to 5, 12, 13)."""

from fractions import Fraction

import pytest

from risk.lines import operations as lines
from risk.lines.operations.grants import LimitRangeError
from risk.lines.rules.grant import Asset, AssetKind
from risk.models import CreditLine, LimitChange, ModelInputs
from tests.policies import put_in_force
from tests.risk.lines.making import (
    BY,
    CAPACITY,
    ON,
    changes,
    customer,
    day,
    granted,
    moment,
    reread,
)

pytestmark = pytest.mark.django_db

GRANTED = (0, 1_400_000, 1_400_000, "LIMIT-1", "limit-granted")


def test_the_first_grant_opens_a_line_at_its_limit_with_its_change():
    line = granted(evidence="assessment:7")

    assert (line.limit_fen, line.target_fen, line.model_part) == (1_400_000, 1_400_000, "1400000")
    assert (line.growth, line.buffer_permille, line.opened_on) == ("1", 150, ON)
    assert (line.growth_since_on, line.anniversary_on.isoformat()) == (ON, "2027-10-01")
    assert changes(line) == [GRANTED]
    change = LimitChange.objects.get()
    assert (change.changed_by, change.evidence) == (BY, "assessment:7")
    assert ModelInputs.objects.get().evidence == "assessment:7"


def test_a_repeated_grant_changes_nothing():
    who = customer()
    granted(who=who)

    line = granted(who=who, on=day(1))

    assert CreditLine.objects.count() == ModelInputs.objects.count() == 1
    assert changes(line) == [GRANTED]


def test_a_grant_on_an_open_line_sets_the_target_and_leaves_the_limit():
    who = customer()
    granted(who=who)

    line = granted(CAPACITY._replace(income_fen=1_000_000), who=who, on=day(1))

    assert (line.limit_fen, line.target_fen) == (1_400_000, 2_000_000)
    assert changes(line)[1:] == [(1_400_000, 1_400_000, 2_000_000, "LIMIT-13", "limit-new-inputs")]
    assert CreditLine.objects.count() == 1


def test_after_a_closed_line_a_grant_opens_another():
    who = customer()
    first = granted(who=who)
    lines.close([who.pk], by=BY, reason="left", at=moment(ON))

    second = granted(who=who, on=day(1))

    assert second.pk != first.pk
    assert changes(second) == [GRANTED]


def test_a_limit_that_a_person_decided_replaces_the_model_part():
    line = granted(limit_fen=1_200_000)

    assert (line.limit_fen, line.target_fen, line.model_part) == (1_200_000, 1_200_000, "1200000")
    lines.recompute([line.pk], by=BY, on=day(1), at=moment(day(1)))
    assert reread(line).target_fen == 1_200_000


@pytest.mark.parametrize("limit_fen", [40_000, 30_010_000, 1_405_000])
def test_a_limit_out_of_range_grants_nothing(limit_fen):
    with pytest.raises(LimitRangeError):
        granted(limit_fen=limit_fen)

    assert not CreditLine.objects.exists()
    assert not LimitChange.objects.exists()


def test_a_new_income_starts_a_recomputation():
    line = granted(CAPACITY._replace(assets=[Asset(AssetKind("house"), "proof:1")]))
    change = lines.InputsChange(line.pk, "proof:9", income_fen=800_000)

    for _ in "12":
        lines.revise([change], by=BY, on=day(1), at=moment(day(1)))

    assert (reread(line).limit_fen, reread(line).target_fen) == (1_610_000, 1_840_000)
    latest = ModelInputs.objects.latest("pk")
    assert (latest.income_fen, latest.evidence) == (800_000, "proof:9")
    assert latest.assets == [{"kind": "house", "number": "proof:1"}]
    assert ModelInputs.objects.count() == 2


def test_an_asset_and_the_consumption_factor_recompute_too():
    line = granted()
    change = lines.InputsChange(
        line.pk, "x", assets=[Asset(AssetKind.VEHICLE, "proof:2")], consumption_permille=1100
    )

    lines.revise([change], by=BY, on=day(1), at=moment(day(1)))

    assert reread(line).model_part == str(Fraction(1_400_000 * 121, 100))
    assert reread(line).target_fen == 1_690_000


def test_other_numbers_of_the_policy_recompute_from_the_stored_inputs():
    line, other = granted(), granted()
    put_in_force("limits", {"income_permille": 2500}, on=day(1))

    lines.recompute([line.pk], by=BY, on=day(1), at=moment(day(1)))

    assert (reread(line).limit_fen, reread(line).target_fen) == (1_400_000, 1_750_000)
    assert reread(other).target_fen == 1_400_000


def test_a_line_below_the_lowest_limit_is_suspended_until_it_is_not():
    line = granted()

    poor = lines.InputsChange(line.pk, "a", income_fen=20_000)
    lines.revise([poor], by=BY, on=day(1), at=moment(day(1)))
    assert (reread(line).state, reread(line).target_fen) == ("suspended", 50_000)

    rich = lines.InputsChange(line.pk, "b", income_fen=700_000)
    lines.revise([rich], by=BY, on=day(2), at=moment(day(2)))
    assert (reread(line).state, reread(line).target_fen) == ("active", 1_400_000)
