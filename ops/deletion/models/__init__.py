"""Models of deletion requests, holds, and the proofs that are kept."""

from ops.deletion.models.choices import Basis, Mode, Texts
from ops.deletion.models.holds import Hold, HoldQuerySet
from ops.deletion.models.proofs import AccountDeletion, ErasedIdentifier, ErasedSkeleton, Immutable, Receipt
from ops.deletion.models.requests import (
    BEFORE_ERASURE,
    GONE,
    OPEN,
    TO_RUN,
    DeletionGroup,
    DeletionRequest,
    DeletionRequestQuerySet,
    Held,
    State,
    with_standing,
)

__all__ = [
    "BEFORE_ERASURE",
    "GONE",
    "OPEN",
    "TO_RUN",
    "AccountDeletion",
    "Basis",
    "DeletionGroup",
    "DeletionRequest",
    "DeletionRequestQuerySet",
    "ErasedIdentifier",
    "ErasedSkeleton",
    "Held",
    "Hold",
    "HoldQuerySet",
    "Immutable",
    "Mode",
    "Receipt",
    "State",
    "Texts",
    "with_standing",
]
