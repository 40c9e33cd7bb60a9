"""The option in which moderators say why: the same in every command whose row in the log has a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from discord import app_commands

#: The type of the option `reason`, whose default is "" (and of a pause's words, which are its reason).
Reason = app_commands.Range[str, 1, 200]

_F = TypeVar("_F", bound=Callable[..., Any])


def gives_reason(callback: _F) -> _F:
    """Describe the option `reason` of a command's callback: goes below @command."""
    # Made anew each time: discord.py keeps the descriptions of all a command's options in what it is given first.
    return app_commands.describe(reason="Why")(callback)
