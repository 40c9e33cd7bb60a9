"""The people who use the bot while it is being mistreated: all sorts of commands, in all sorts of places."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Mapping

from tests import clips
from tests.discordwire import Channel, DiscordWire, Interaction, Member
from tests.discordwire.interactions import COMMAND

#: Word of demo/videoapi.py → how often a prompt has it, of 100.
MIX: Mapping[str, float] = {
    **{"lost": 10, "twice": 10, "early": 6, "late": 6, "stranger": 2, "garbage": 2},
    **{"fail": 5, "moderated": 3, "refuse": 3, "limited": 3, "vanish": 5, "reset": 5, "slow": 3, "pair": 3},
    **{"deadlink": 1, "notvideo": 1, "cut": 1},
}


class People:
    """`await people.ask()` is one command of somebody somewhere; what they do next goes on by itself."""

    def __init__(
        self, wire: DiscordWire, dice: random.Random, *, members: int = 8, mix: Mapping[str, float] = MIX
    ) -> None:
        self._wire = wire
        self._dice = dice
        self._mix = mix
        self._members = [wire.add_member(f"member{n}") for n in range(members)]
        text, news, voice = wire.channel, wire.add_channel("news", "announcement"), wire.add_channel("talk", "voice")
        forum = wire.add_channel("ideas", "forum")
        more = wire.add_channel("more-films")
        self._places: list[Channel] = [text, text, more, more, news, voice]
        self._places += [wire.add_thread(text, "open"), wire.add_thread(more, "closed", private=True)]
        self._places += [wire.add_thread(forum, "a post")]
        self._doing: set[asyncio.Task[None]] = set()
        self._count = 0
        self._latest: deque[Interaction] = deque(maxlen=50)

    @property
    def swamped(self) -> bool:
        """The bot does not keep up: most of the latest commands have no answer yet."""
        return sum(not one.acknowledged for one in self._latest) > 25

    @property
    def commands(self) -> list[Interaction]:
        """Every command so far."""
        return [one for one in self._wire.interactions.values() if one.type == COMMAND]

    async def ask(self) -> None:
        """Use /video. A bot that is away just now is no error: a person would see that, too."""
        self._count += 1
        words = [word for word, share in self._mix.items() if self._dice.random() * 100 < share]
        options: dict[str, object] = {"prompt": f"film {self._count} {' '.join(words)}"}
        pictures: dict[str, tuple[str, bytes]] = {}
        if self._dice.random() < 0.15:
            pictures["image1"] = ("cat.png", clips.picture(320, 180))
        elif self._dice.random() < 0.03:
            pictures["image1"] = ("cat.png", b"no picture at all")
        if self._dice.random() < 0.15:
            options["private"] = True
        member, place = self._dice.choice(self._members), self._dice.choice(self._places)
        for _ in range(2 if self._dice.random() < 0.03 else 1):
            with contextlib.suppress(TimeoutError, LookupError):
                command = await self._wire.command("video", options, member=member, channel=place, attachments=pictures)
                self._latest.append(command)
                if self._dice.random() < 0.06:
                    task = asyncio.create_task(self._regret(command, member))
                    self._doing.add(task)
                    task.add_done_callback(self._doing.discard)

    async def _regret(self, command: Interaction, member: Member) -> None:
        """Cancel it; where it is too late for that, ask not to have it posted."""
        with contextlib.suppress(TimeoutError, LookupError, ValueError, PermissionError):
            await command.response(timeout=3)
            if self._dice.random() < 0.3:  # or wait until its card offers only that
                await self._wire.wait_for(lambda: "job:mute:" in str(command.message.custom_ids), timeout=3)
                await self._press(command, "job:mute:", member)
                return
            pressed = await self._press(command, "job:cancel:", member)
            await pressed.response(timeout=3)
            if pressed.hidden:
                await self._press(pressed, "job:mute:", member)

    async def _press(self, shown: Interaction, action: str, member: Member) -> Interaction:
        message = shown.message
        button = next((name for name in message.custom_ids if name.startswith(action)), "")
        return await self._wire.press(message, button, member)

    async def leave(self) -> None:
        """Nobody does anything more."""
        for task in list(self._doing):
            task.cancel()
        await asyncio.gather(*self._doing, return_exceptions=True)
