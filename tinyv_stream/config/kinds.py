"""Kinds of settings: types with their bounds, by which files and code are checked alike."""

from typing import Annotated

from msgspec import Meta

Natural = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0)]
PositiveSeconds = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
NonEmpty = Annotated[str, Meta(min_length=1)]
VerdictWords = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...],
    Meta(min_length=1, description="a list of 1 to 16 words of at most 40 characters", max_length=16),
]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}\Z", description="a name of 1 to 64 of A-Z a-z 0-9 . _ -")]
CpuCores = Annotated[
    str,
    Meta(
        pattern=r"^(?:\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*|(?:GPU|MIG)-[0-9A-Za-z-]+)\Z",
        description='CPU cores such as "0-3" (or a GPU\'s UUID)',
    ),
]
