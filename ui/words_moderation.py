"""What people read who were refused by what moderators decided, and moderators whose command does not go together."""

from __future__ import annotations

from domain.credit import POT
from ui import words_rules
from ui.language import _, _n, listed, number, sentences
from ui.words import Maker, Values, Words, credits, plain, when


def _blocked(v: Values) -> Words:
    until = v.get("until")
    end = _("It ends {when}.").format(when=when(until)) if until else _("It stays until a moderator lifts it.")
    why = _("Why: {reason}").format(reason=plain(v["why"], 200)) if v.get("why") else ""
    return Words(_("You are blocked from making films here"), sentences(end, why))


def _closed(v: Values) -> Words:
    allowed = v.get("allowed") or []
    if allowed:
        where = words_rules.mentions(allowed, "#")
        return Words(_("Films are not made in this channel"), _("Use {channels}.").format(channels=where))
    return Words(_("Films are not made in this channel"), _("Use another channel."))


def _barred(v: Values) -> Words:
    can = [plain(label, 60) for label in v.get("can") or []]
    text = (
        _("Choose {models}.").format(models=listed(can)) if can else _("No model is open to you here: ask a moderator.")
    )
    return Words(_("{model} is not open to you here").format(model=plain(v["model"], 60)), text)


def _place(v: Values) -> Words:
    found = v["rule"]
    title = (
        _("This server has spent its credits")
        if found.subject == POT
        else _("{channel} has spent its credits").format(channel=words_rules.subject(found.subject))
    )
    text = _("This film costs {price}; {left} are left of {amount}. They renew {when}.").format(
        price=credits(v["price"]),
        left=number(v["left"]),
        amount=words_rules.amount(found.credits, found.period),
        when=when(v["renews_at"]),
    )
    return Words(title, text)


def _empty(v: Values) -> Words:
    text = _(
        "It costs {price}; you have {left} left ({source}). They renew {when}. "
        "A shorter or smaller film costs less: `/quota` shows what you have."
    )
    return Words(
        _("You do not have enough credits for this film"),
        text.format(
            price=credits(v["price"]),
            left=number(v["left"]),
            source=words_rules.source(v["rule"]),
            when=when(v["renews_at"]),
        ),
    )


#: Reasons of `domain.faults.Refused`.
REFUSED: dict[str, Maker] = {
    "blocked": _blocked,
    "channel_closed": _closed,
    "words": lambda v: Words(
        _("This server does not allow “{rule}” in prompts").format(rule=plain(v["rule"], 80))
        if v.get("kind") == "word"
        else _("Rule {n} of this server does not allow this prompt").format(n=v["number"]),
        _("Say it differently and try again."),
    ),
    "model_barred": _barred,
    "length_barred": lambda v: Words(
        _("{n} s is longer than you may go here").format(n=v["asked"]),
        _("{n} s is the most for you. Choose a shorter film.").format(n=v["most"]),
    ),
    "place_ceiling": _place,
    "no_credits": _empty,
    "not_manager": lambda v: Words(
        _("Only those who manage the server may do this"), _("What touches credits needs the right Manage Server.")
    ),
    "decided": lambda v: Words(_("That is decided already"), _("Somebody was quicker, or it has ended meanwhile.")),
    "own_film": lambda v: Words(_("That is your own film"), _("Another moderator has to decide about it.")),
    "zone_unknown": lambda v: Words(
        _("There is no time zone “{asked}”").format(asked=plain(v["asked"], 60)),
        _("Choose one of the list, such as Europe/Berlin."),
    ),
    "delivery_unknown": lambda v: Words(_("Films cannot go there"), _("Choose one of the list.")),
    "language_unknown": lambda v: Words(_("Clapper does not speak that language yet"), _("Choose one of the list.")),
    "list_full": lambda v: Words(_("That list is full"), _("{n} are the most. Remove some first.").format(n=v["most"])),
    "word_rule_empty": lambda v: Words(
        _("That rule is empty"), _("Give it a word, a phrase or a sign that you do not want in prompts.")
    ),
    "word_rule_long": lambda v: Words(
        _("That rule is too long"),
        _n("It has {n} character; {most} fit.", "It has {n} characters; {most} fit.", v["length"]).format(
            n=v["length"], most=v["most"]
        ),
    ),
    "word_rules_many": lambda v: Words(
        _("There are {most} rules already").format(most=v["most"]), _("Remove one that is no longer needed first.")
    ),
    "pattern_wrong": lambda v: Words(
        _("That pattern cannot be read"),
        _("The reader says: {detail}. It knows RE2's patterns, without look-around and back-references.").format(
            detail=plain(v["detail"], 100)
        ),
    ),
    "pattern_large": lambda v: Words(
        _("That pattern is too large"),
        _("{most} characters fit, and few large counts. Make it shorter, or split it in two.").format(most=v["most"]),
    ),
    "pattern_always": lambda v: Words(
        _("That pattern would stop every prompt"), _("It also fits where there is nothing. Make it ask for a sign.")
    ),
    "patterns_many": lambda v: Words(
        _("No more patterns fit here"), _("{most} small ones do. Remove one first.").format(most=v["most"])
    ),
    "export_large": lambda v: Words(
        _("That is too much for Discord"), _("It would take more than {most} files. Choose fewer days.").format(**v)
    ),
    "chart_failed": lambda v: Words(
        _("The chart could not be drawn"), _("Try again, or choose fewer days: `/manage usage export` has it all, too.")
    ),
    "word_known": lambda v: Words(_("That is forbidden already"), _("`/manage words list` shows all of them.")),
    "word_unknown": lambda v: Words(_("There is no such rule"), _("`/manage words list` shows their numbers.")),
    "no_such_rule": lambda v: Words(_("There is no limit for that"), _("`/manage limit list` shows all of them.")),
    "one_subject": lambda v: Words(
        _("A limit is for one at a time"), _("Name a role, a member or a channel, or none of them for everyone.")
    ),
    "credits_unreadable": lambda v: Words(
        _("“{asked}” is no number of credits").format(asked=plain(v["asked"], 30)),
        _("Type a whole number, or `unlimited`."),
    ),
    "amount": lambda v: Words(
        _("That number of credits cannot be"),
        _("Between {least} and {most} are possible.").format(least=number(v["least"]), most=number(v["most"])),
    ),
    "days": lambda v: Words(
        _("That is no length"), _("Between 1 and {n} days are possible.").format(n=number(v["most"]))
    ),
    "no_transfers": lambda v: Words(
        _("Credits cannot be passed on here"), _("Moderators can allow it in `/manage setup`.")
    ),
    "to_yourself": lambda v: Words(_("Those are yours already"), _("Choose another member.")),
    "to_a_bot": lambda v: Words(_("Bots make no films"), _("Choose a member.")),
    "too_few_granted": lambda v: Words(
        _("You do not have that many credits to pass on"),
        _n(
            "You have {n} granted credit. What renews by itself cannot be passed on.",
            "You have {n} granted credits. What renews by itself cannot be passed on.",
            v["left"],
        ).format(n=number(v["left"])),
    ),
    "block_yourself": lambda v: Words(_("You cannot block yourself"), _("Choose another member.")),
    "unblock_yourself": lambda v: Words(
        _("You cannot lift your own block"), _("Another moderator has to decide about it.")
    ),
    "not_blocked": lambda v: Words(_("That member is not blocked"), _("There is nothing to lift.")),
    "report_reason": lambda v: Words(
        _("What is wrong with it?"), _("Say it in 1 to {n} characters.").format(n=v["most"])
    ),
    "reported": lambda v: Words(_("You reported this film already"), _("Moderators have it.")),
    "everyone_moderates": lambda v: Words(
        _("Everyone would be a moderator"), _("Choose a role that only some members have.")
    ),
    "period_unknown": lambda v: Words(_("That is no period"), _("Type `day`, `week` or `month`.")),
    "not_a_member": lambda v: Words(
        _("You are no member of that server any more"), _("Films are made for its members.")
    ),
    "not_paused": lambda v: Words(_("Nothing is paused"), _("Films are made as ever.")),
    "everywhere_only": lambda v: Words(
        _("Only the operator can pause everything"), _("It is done in the operator's own channel.")
    ),
    "no_showcase": lambda v: Words(
        _("There are no stars for this film"), _("Moderators can name a channel for it in `/manage setup`.")
    ),
    "own_star": lambda v: Words(_("That is your own film"), _("Stars come from others.")),
    "stars_many": lambda v: Words(_("That number of stars cannot be"), _("Choose one of the list.")),
    "reset_what": lambda v: Words(
        _("Whose spending is to count no more?"), _("Name a member, or choose `everyone` or `pot`: one of them.")
    ),
    "range": lambda v: Words(
        _("That is no range of days"), _("Between 1 and {n} days are possible.").format(n=v["most"])
    ),
}

#: Why a generation ended, where moderators had a part in it.
ENDED: dict[str, Maker] = {
    "blocked": lambda v: Words(_("Stopped"), _("Its member was blocked by a moderator.")),
    "declined": lambda v: Words(_("A moderator declined this film"), _("Ask them why, or try another one.")),
    "not_approved": lambda v: Words(_("No moderator answered within a day"), _("Ask for it again.")),
    "stopped": lambda v: Words(_("A moderator stopped this film"), _("It was stopped before it had begun.")),
}
