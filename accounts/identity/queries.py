"""Which face checks have been used: each serves once, whatever for."""

from accounts.models import IdentityVerification, UsedFaceToken


def is_used(face_blind: bytes) -> bool:
    """Say whether a face check was sent before, to prove an identity or for anything else."""
    of_face = {"face_blind": face_blind}
    return (
        IdentityVerification.objects.filter(**of_face).exists()
        or UsedFaceToken.objects.filter(**of_face).exists()
    )
