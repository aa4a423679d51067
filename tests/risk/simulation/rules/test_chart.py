"""The chart of a simulation: bars in proportion, marks in round steps, captions of buckets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.simulation.rules import chart
from risk.simulation.rules.chart import PLOT_HEIGHT
from risk.simulation.rules.figures import BUCKETS, UNCHANGED_BUCKET
from tests.profiles import pure

counts = st.lists(st.integers(0, 10**7), min_size=BUCKETS, max_size=BUCKETS)


@pytest.mark.parametrize(
    ("most", "marks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (5, [0, 2, 4, 6]),
        (9, [0, 5, 10]),
        (21, [0, 10, 20, 30]),
        (100, [0, 50, 100]),
        (368, [0, 100, 200, 300, 400]),
        (1_000_000, [0, 500_000, 1_000_000]),
    ],
)
def test_the_marks_are_round_steps_up_to_the_highest_count(most, marks):
    assert [one.lines for one in chart.ticks(most)] == marks


@pure
@given(counts)
def test_bars_are_in_proportion_and_within_the_plot(buckets):
    top = chart.ticks(max(buckets))[-1]

    assert top.y == 0
    assert top.lines >= max(buckets)
    for bar, lines in zip(chart.bars(buckets), buckets, strict=True):
        assert (bar.lines, bar.y + bar.height) == (lines, PLOT_HEIGHT)
        assert 0 <= bar.y <= PLOT_HEIGHT
        assert (bar.height > 0) == (lines > 0)
        assert bar.height <= max(1, lines * PLOT_HEIGHT // top.lines)


def test_bars_do_not_overlap_and_fit_the_width():
    bars = chart.bars([1] * BUCKETS)

    ends = [bar.x + chart.BAR_WIDTH for bar in bars]
    assert all(end < bar.x for end, bar in zip(ends, bars[1:], strict=False))
    assert ends[-1] < chart.width()


def test_each_bucket_has_a_caption_of_its_own_and_the_kind_of_its_side():
    bars = chart.bars([1] * BUCKETS)

    assert len({bar.caption for bar in bars}) == BUCKETS
    assert [bar.kind for bar in bars] == ["fall"] * 5 + ["same"] + ["rise"] * 5
    assert (bars[0].caption, bars[UNCHANGED_BUCKET].caption) == ("≤ \u221250", "0")
    assert (bars[6].caption, bars[-1].caption) == ("0 – +5", "> +50")


def test_bars_and_marks_stand_at_exact_pixels():
    buckets = [0] * BUCKETS
    buckets[0], buckets[1], buckets[5] = 4, 1, 2

    bars = chart.bars(buckets)

    assert bars[0] == (8, 0, 160, 4, "≤ −50", "fall")
    assert bars[1] == (72, 120, 40, 1, "−50 – −20", "fall")
    assert bars[2] == (136, 160, 0, 0, "−20 – −10", "fall")
    assert bars[5] == (328, 80, 80, 2, "0", "same")
    assert chart.ticks(4) == [(160, 0), (120, 1), (80, 2), (40, 3), (0, 4)]
    assert chart.width() == 11 * 64 + 8


def test_a_small_count_beside_a_large_one_is_one_pixel_high():
    buckets = [0] * BUCKETS
    buckets[0], buckets[1] = 1_000_000, 1

    assert chart.bars(buckets)[1][1:3] == (159, 1)


def test_buckets_of_another_number_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        chart.bars([1])
