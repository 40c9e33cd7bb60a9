"""The one family of faults: whatever can go wrong in a way that Clapper has words for.

Fault
├── Refused            said no before anything was charged: input, rights, credits
│   ├── BadPicture     one attached picture cannot be used (which one, and why)
│   ├── BadClip        the clip of a character cannot be used, or not like this
│   └── BadName        what is kept under a name cannot be kept, found or shared so
├── BadFilm            a downloaded film cannot be posted (which reason)
├── FetchFault         a link elsewhere could not be fetched (`retry` says whether later may help)
├── VendorFault        the video API said no, or said nothing that can be read
├── DeliveryFault      Discord did not take a message (`final` says whether again may help)
└── StorageFault       the database cannot be used now

A fault carries a *reason* (a key of a table in `ui.words_refused`) and the values that its sentence needs; it never
carries a sentence for people, so that words live in one place. `str(fault)` is for the log.
"""

from __future__ import annotations

from typing import ClassVar


class Fault(Exception):
    """Something went wrong that Clapper knows."""

    #: Every reason this kind may carry; `ui.words_refused` has a sentence for each, and a test compares the two.
    REASONS: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.values = values

    def __str__(self) -> str:
        shown = ", ".join(f"{key}={value!r}" for key, value in self.values.items())
        return f"{self.reason} ({shown})" if shown else self.reason


class Refused(Fault):
    """Said no before anything was charged."""

    REASONS = frozenset(
        {
            "prompt_empty",
            "prompt_long",
            "model_unknown",
            "model_paused",
            "duration",
            "size",
            "orientation",
            "pictures_many",
            "pictures_none_taken",
            "pictures_needed",
            "pictures_unreachable",
            "size_twice",
            "carries_nothing",
            "compared_twice",
            "compared_dear",
            "sound_unknown",
            "sound_none",
            "sound_always",
            "sound_size",
            "negative_none",
            "negative_long",
            "attachment_large",
            "server_not_allowed",
            "server_only",
            "server_ceiling",
            "no_credits",
            "waiting_full",
            "already_taken",
            "missing_rights",
            "place",
            "age_restricted",
            "dm_closed",
            "export_dm_closed",
            "account_closed",
            "model_closed",
            "paused",
            "stopping",
            "not_yours",
            "not_moderator",
            "nothing_to_deliver",
            "bot_absent",
            "job_gone",
            "too_late",
            "posted",
            "blocked",
            "channel_closed",
            "words",
            "model_barred",
            "length_barred",
            "place_ceiling",
            "not_manager",
            "decided",
            "own_film",
            "zone_unknown",
            "delivery_unknown",
            "language_unknown",
            "list_full",
            "word_known",
            "word_unknown",
            "no_such_rule",
            "one_subject",
            "credits_unreadable",
            "amount",
            "days",
            "no_transfers",
            "to_yourself",
            "to_a_bot",
            "too_few_granted",
            "block_yourself",
            "unblock_yourself",
            "not_blocked",
            "report_reason",
            "reported",
            "range",
            "reset_what",
            "no_showcase",
            "own_star",
            "stars_many",
            "not_paused",
            "everywhere_only",
            "not_a_member",
            "period_unknown",
            "everyone_moderates",
            "word_rule_empty",
            "word_rule_long",
            "word_rules_many",
            "pattern_wrong",
            "pattern_large",
            "pattern_always",
            "patterns_many",
            "export_large",
            "chart_failed",
            "reserved",
            "thread_locked",
            "no_reuse",
            "pictures_forgotten",
            "no_pictures",
            "no_film_here",
            "film_gone",
            "film_running",
            "draft_gone",
            "nothing_to_join",
            "join_long",
            "join_large",
            "join_lost",
        }
    )


class BadPicture(Refused):
    """One picture cannot be used. `position` counts from 1 when the caller knows it; `name` is the file's own."""

    REASONS = frozenset(
        {
            "picture_empty",
            "picture_unknown",
            "picture_heic",
            "picture_broken",
            "picture_large",
            "picture_giant",
            "picture_gone",
            "picture_unreachable",
        }
    )


class BadClip(Refused):
    """The clip of a character cannot be used, or not with this model, or not this part of it."""

    REASONS = frozenset(
        {
            "no_character",
            "clip_none",
            "clip_many",
            "clip_large",
            "clip_long",
            "clip_broken",
            "clip_gone",
            "clip_unreachable",
            "clip_forgotten",
            "clip_dm_closed",
            "clip_owner_closed",
            "clip_restricted",
            "clip_private",
            "clip_taken_away",
            "film_missing",
            "span_position",
            "span_seconds",
            "span_beyond",
        }
    )


class BadName(Refused):
    """What is kept under a name (a character, a preset) cannot be kept, found or shared so; `kind` says which it is."""

    REASONS = frozenset(
        {
            "name_empty",
            "name_long",
            "name_taken",
            "name_unknown",
            "name_not_yours",
            "name_private",
            "names_many",
            "preset_empty",
            "preset_long",
        }
    )


class BadFilm(Fault):
    """A downloaded film cannot be posted."""

    REASONS = frozenset({"film_not_video", "film_cut_short", "film_large", "film_cannot_fit"})


class FetchFault(Fault):
    """A link elsewhere could not be fetched; `retry` is true when the same link may work later."""

    REASONS = frozenset({"url_refused", "status", "too_large", "network", "timeout", "redirects"})

    def __init__(self, reason: str, *, retry: bool, **values: object) -> None:
        super().__init__(reason, **values)
        self.retry = retry


class VendorFault(Fault):
    """The video API refused, failed, or answered nothing that can be read.

    `status` is the HTTP status (0 when there was none), `code` the API's own error code ("" when none), `retry_after`
    seconds from a 429. What each means for a job is decided in `domain.job`.
    Source: https://platform.acedata.cloud (Sora Videos Generation API, "Error Handling").
    """

    REASONS = frozenset(
        {
            "bad_request",
            "moderation",
            "too_big",
            "slow_down",
            "account_token",
            "account_balance",
            "model_gone",
            "not_implemented",
            "vendor_said_no",
            "not_sent",
            "unknown",
        }
    )

    def __init__(
        self,
        reason: str,
        *,
        status: int = 0,
        code: str = "",
        message: str = "",
        trace_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason, status=status, code=code, message=message, trace_id=trace_id)
        self.status = status
        self.code = code
        self.message = message
        self.trace_id = trace_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        # The words of an answer may quote the prompt; without an answer they are our own.
        words = f" {self.message}" if self.message and not self.status else ""
        return f"{self.reason} ({self.status or 'no answer'}{f' {self.code}' if self.code else ''}){words}"


class DeliveryFault(Fault):
    """Discord did not take a message; `final` is true when the same place will never take it."""

    REASONS = frozenset({"place_lost", "no_rights", "too_large", "try_later", "text_blocked", "dm_closed", "bad_form"})

    def __init__(self, reason: str, *, final: bool, **values: object) -> None:
        super().__init__(reason, **values)
        self.final = final


class StorageFault(Fault):
    """The database cannot be used now: full disk, lock, damage."""

    REASONS = frozenset(
        {
            "disk_full",
            "database_locked",
            "database_corrupt",
            "database_newer",
            "database_in_use",
            "database_strange",
        }
    )
