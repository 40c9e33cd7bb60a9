"""How a generation begins from another one."""

from __future__ import annotations

from dataclasses import dataclass

#: The ways. Stored with each job: they never change their meaning.
ACTIONS = ("again", "edit", "continue", "retry")


@dataclass(frozen=True)
class Origin:
    """Where a film comes from; all empty for one that began by itself."""

    #: The generation that it began from, how (one of ACTIONS), and its author where that is another member (else 0).
    parent_id: str = ""
    action: str = ""
    credit: int = 0
    #: The generation whose last frame is its first picture.
    continues: str = ""


#: A film of its own.
OWN = Origin()
