"""What a study does where a potential fails the pre-check of its crystal."""

from typing import Literal

from pydantic import Field

Precheck = Literal["stop", "report"]


def precheck_field(default: Precheck) -> Precheck:
    """The key `check_fault`.

    Args:
        default: Of the study.
    """
    return Field(
        default=default,
        description="For a meaningless stacking fault or surface: stop before anything starts, or report it. An unstable crystal stops.",
    )
