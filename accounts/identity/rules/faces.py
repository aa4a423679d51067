"""What a comparison of faces decides (ELIG-2, SEC-3)."""

from enum import StrEnum


class FaceVerdict(StrEnum):
    """The outcome: the face passes, goes to manual review, or is refused."""

    PASS = "pass"
    REVIEW = "review"
    REFUSE = "refuse"


def judge(
    similarity_permille: int | None, is_live: bool, *, pass_permille: int, review_permille: int
) -> FaceVerdict:
    """Return what a similarity decides; without a live face or a score it is refused.

    Both lines belong to the better side: the pass line passes, the review line is reviewed.
    """
    if not is_live or similarity_permille is None or similarity_permille < review_permille:
        return FaceVerdict.REFUSE
    return FaceVerdict.PASS if similarity_permille >= pass_permille else FaceVerdict.REVIEW
