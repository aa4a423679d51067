"""What a comparison of faces decides (SEC-3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.identity.rules.faces import FaceVerdict, judge
from tests.profiles import pure


def verdict(similarity_permille, is_live=True):
    return judge(similarity_permille, is_live, pass_permille=800, review_permille=700)


@pytest.mark.parametrize(
    ("similarity_permille", "expected"),
    [
        (None, FaceVerdict.REFUSE),
        (0, FaceVerdict.REFUSE),
        (699, FaceVerdict.REFUSE),
        (700, FaceVerdict.REVIEW),
        (799, FaceVerdict.REVIEW),
        (800, FaceVerdict.PASS),
        (1000, FaceVerdict.PASS),
    ],
)
def test_the_lines_belong_to_the_better_side(similarity_permille, expected):
    assert verdict(similarity_permille) == expected


@pure
@given(st.one_of(st.none(), st.integers(0, 1000)))
def test_no_likeness_makes_up_for_a_face_that_is_not_alive(similarity_permille):
    assert verdict(similarity_permille, is_live=False) == FaceVerdict.REFUSE


@pure
@given(st.integers(0, 999))
def test_more_likeness_is_never_worse(similarity_permille):
    order = [FaceVerdict.REFUSE, FaceVerdict.REVIEW, FaceVerdict.PASS]

    better = order.index(verdict(similarity_permille + 1))
    assert order.index(verdict(similarity_permille)) <= better
