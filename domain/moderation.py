"""What moderators did and are asked: audit entries, word hits, approvals, reports. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.job import Job


@dataclass(frozen=True)
class AuditEntry:
    """One thing that a moderator did; `action` is a key of the words, `before` and `after` are what these need."""

    guild_id: int
    actor_id: int
    action: str
    member_id: int = 0
    #: A rule's subject (role:ID, …), a channel's id, a job's id; "" for none.
    subject: str = ""
    before: Mapping[str, Any] = field(default_factory=dict[str, Any])
    after: Mapping[str, Any] = field(default_factory=dict[str, Any])
    reason: str = ""
    at: int = 0
    id: int = 0


#: Every action there is; `ui.words_audit` has words for each, and a test compares the two.
ACTIONS = frozenset(
    {
        "limit_set",
        "limit_clear",
        "grant",
        "reset",
        "transfer",
        "block",
        "unblock",
        "channel_list",
        "channel_unlist",
        "word_add",
        "word_remove",
        "setting",
        "moderators",
        "redeliver",
        "cancel",
        "mute",
        "pause",
        "resume",
        "approve",
        "decline",
        "hide",
        "dismiss",
    }
)


@dataclass(frozen=True)
class WordHit:
    """A prompt that was refused for its words: who, where, and by which rule."""

    guild_id: int
    member_id: int
    channel_id: int
    rule_id: int
    rule: str


@dataclass(frozen=True)
class Approval:
    """A generation that waits, or waited, for a moderator's word."""

    job: Job
    asked_at: int
    verdict: str = ""
    decided_by: int = 0


@dataclass(frozen=True)
class Report:
    """What a member said about a film; `others` are further reports of the same film."""

    id: int
    guild_id: int
    job: Job
    reporter_id: int
    reason: str
    at: int
    verdict: str = ""
    decided_by: int = 0
    others: int = 0


#: What a post for moderators is about.
About = AuditEntry | WordHit | Approval | Report


@dataclass(frozen=True)
class Notice:
    """A post for moderators that is to be made, or drawn anew where it stands (`message_id`)."""

    id: int
    guild_id: int
    kind: str
    about: About
    tries: int = 0
    channel_id: int = 0
    message_id: int = 0

    @property
    def urgent(self) -> bool:
        """Whether it has to reach a moderator even where there is no log channel."""
        return self.kind in ("approval", "report")
