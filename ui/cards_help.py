"""Help that fits: what this member may do here, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from domain.model import Model
from ui.cards import BLUE, Card
from ui.language import _, number
from ui.words import Words, plain
from ui.words_models import model_line

#: Models named one by one.
_MODELS = 8


def help_card(
    *,
    models: Sequence[Model],
    left: int | None,
    limited: bool,
    closed: Words | None,
    transfers: bool,
    stars: bool,
    moderator: bool,
) -> Card:
    """`left` of credits where they are `limited`; `closed` says why no film can be asked for here."""
    lines = []
    if closed:
        lines.append(f"**{closed.title}.** {closed.text}")
    else:
        rest = _("You have {n} left.").format(n=number(left or 0)) if limited else _("You have no limit here.")
        lines.append(_("`/video` makes a film from words, and from pictures if you like. {rest}").format(rest=rest))
        lines.append("\n".join(f"- {plain(model_line(row), 150)}" for row in models[:_MODELS]))
        lines.append(_("`/video` with nothing typed opens a form, where all pictures go into one field."))
    lines.append(
        "\n".join(
            filter(
                None,
                [
                    _("- Under a film: **Again**, **Edit**, **Continue**, and **More…** for its recipe."),
                    _("- Right-click a message → Apps: *Animate this image*, *Continue this film*, *Show the recipe*."),
                    _("- `/compare` makes the same film on several models, side by side.") if len(models) > 1 else "",
                    _("- `/character` brings somebody from a clip into a film; `/characters` keeps them."),
                    _("- `/presets` keeps words and options that you use again and again."),
                    _("- `/jobs` what is under way · `/history` what you made · `/quota` your credits"),
                    _("- ⭐ behind More…: films with enough stars are shown to all.") if stars else "",
                    _("- `/transfer` passes granted credits on.") if transfers else "",
                    _("- `/privacy` gives you what is written down about you, or removes it."),
                    _("- `/manage` is for moderators: you are one. `/manage setup` begins.") if moderator else "",
                ],
            )
        )
    )
    return Card(BLUE, f"### {_('What you can do here')}", *lines)
