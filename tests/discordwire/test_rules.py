"""Knows that the stand-in's rules hold without any bot: bodies over plain HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from . import DiscordWire


@pytest.fixture
async def wire() -> AsyncIterator[DiscordWire]:
    async with DiscordWire() as one:
        yield one


async def sent(wire: DiscordWire, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    url, headers = f"{wire.api_url}/channels/{wire.channel.id}/messages", {"Authorization": f"Bot {wire.token}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.post(url, json=body) as response:
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Via"]
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": "x" * 2001}, 50035),
        ({"content": "  "}, 50006),
        ({"content": "a", "flags": 32768}, 50035),  # content beside components of the second version
        ({"flags": 32768, "components": [{"type": 10, "content": "x" * 4001}]}, 50035),
        ({"flags": 32768, "components": [{"type": 10, "content": "x"}] * 41}, 50035),
        ({"flags": 32768, "components": [{"type": 13, "file": {"url": "attachment://a.mp4"}}]}, 50035),
        ({"components": [{"type": 10, "content": "x"}]}, 50035),  # needs the flag
        ({"components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "x" * 81}]}]}, 50035),
        ({"components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "x"}]}]}, 50035),
        (
            {"components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": "y"}] * 2}]},
            50035,
        ),
        ({"content": "a", "nonce": "x" * 26}, 50035),
        ({"content": "a", "message_reference": {"message_id": "1"}}, 50035),
        ({"content": "a", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, 50035),
        ({"content": "a", "flags": 64}, 50035),  # ephemeral is for interactions
    ],
)
async def test_bodies_that_discord_refuses_are_refused(wire: DiscordWire, body: dict[str, Any], code: int) -> None:
    """Every rule of a message's body has its refusal, and the answer is JSON that discord.py can read."""
    status, told = await sent(wire, body)
    assert (status, told["code"]) == (400, code)
    assert wire.messages(wire.channel) == []


@pytest.mark.parametrize(
    ("allowed", "users", "roles", "everyone"),
    [
        (None, True, True, False),  # a new message parses everything; @everyone needs a right of its own
        ({"parse": []}, False, False, False),
        ({"parse": ["everyone"]}, False, False, False),
        ({"users": ["{member}"]}, True, False, False),
        ({"parse": ["users"], "roles": ["{role}"]}, True, True, False),
    ],
)
async def test_only_those_who_are_allowed_are_pinged(
    wire: DiscordWire, allowed: dict[str, Any] | None, users: bool, roles: bool, everyone: bool
) -> None:
    """A message pings whom its text names and its allowances let through, and a role only if it can be mentioned."""
    role, quiet = wire.add_role("loud", mentionable=True), wire.add_role("quiet")
    names = {"{member}": str(wire.member.id), "{role}": str(role.id)}
    body: dict[str, Any] = {"content": f"{wire.member.mention} <@&{role.id}> <@&{quiet.id}> @everyone"}
    if allowed is not None:
        body["allowed_mentions"] = {key: [names.get(one, one) for one in value] for key, value in allowed.items()}
    assert (await sent(wire, body))[0] == 200
    found = wire.messages(wire.channel)[0].pings
    assert found.users == ({wire.member.id} if users else set())
    assert found.roles == ({role.id} if roles else set())
    assert found.everyone == everyone


async def test_what_the_stand_in_does_not_know_is_remembered(wire: DiscordWire) -> None:
    """An unknown route is 404 and shows in `unexpected`; a wrong token is 401."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{wire.api_url}/guilds/1/emojis") as response:
            assert (response.status, await response.json()) == (404, {"code": 0, "message": "404: Not Found"})
        async with session.get(f"{wire.api_url}/users/@me") as response:
            assert response.status == 401
    assert wire.unexpected == ["GET /api/v10/guilds/1/emojis"]
