"""Knows how a person's act reaches a bot: the INTERACTION_CREATE of a command, a suggestion, a press, a form."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from . import commands, forms, payloads
from .files import Attachable, Filing
from .gateway import Gateway
from .interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, Interaction
from .journal import Journal
from .model import DM, MIB, Channel, Json, Member, Message, Role, User, walk
from .permissions import BITS, IN_DM, in_channel
from .world import World

Person = Member | User


class Acts(World, Journal):
    """What people do; each act needs a connected bot and returns at once, without waiting for the bot's answer."""

    gateway: Gateway

    async def command(
        self,
        name: str,
        options: Mapping[str, Any] | None = None,
        *,
        member: Person | None = None,
        channel: Channel | None = None,
        attachments: Mapping[str, Attachable] | None = None,
        force: bool = False,
    ) -> Interaction:
        """Use a slash command; subcommands stand after a space ("manage limit set").

        The command must have been synced. What Discord's own client would not send is a ValueError here, and a
        PermissionError where the member may not use the command, unless `force` is set.
        """
        who, place = self._who(member, channel)
        root, *path = name.split()
        spec = commands.find(self, place.guild.id if place.guild else None, root)
        chain, wanted = commands.descend(spec, path)
        if not force:
            self._check_visible(spec, who, place)
        filing = Filing(self, place)
        filled = self._fill(wanted, {**(options or {}), **(attachments or {})}, filing, force)
        for step in reversed(chain):
            filled = [{"name": step["name"], "type": step["type"], "options": filled}]
        data: Json = {"id": spec["id"], "name": root, "type": spec["type"]}
        data |= {"options": filled} if filled else {}
        data |= {"resolved": filing.resolved} if filing.resolved else {}
        return await self._send(COMMAND, data, who, place, name)

    async def autocomplete(
        self,
        name: str,
        focused: str,
        typed: str = "",
        options: Mapping[str, Any] | None = None,
        *,
        member: Person | None = None,
        channel: Channel | None = None,
    ) -> Interaction:
        """Type into an option: the answer's `choices` are the suggestions."""
        who, place = self._who(member, channel)
        root, *path = name.split()
        spec = commands.find(self, place.guild.id if place.guild else None, root)
        chain, wanted = commands.descend(spec, path)
        option = next((one for one in wanted if one["name"] == focused), None)
        if option is None or not option.get("autocomplete"):
            raise LookupError(f"{name} has no option {focused!r} with suggestions")
        filled = self._fill(wanted, dict(options or {}), Filing(self, place), force=True)
        filled.append({"name": focused, "type": option["type"], "value": typed, "focused": True})
        for step in reversed(chain):
            filled = [{"name": step["name"], "type": step["type"], "options": filled}]
        data: Json = {"id": spec["id"], "name": root, "type": spec["type"], "options": filled}
        return await self._send(AUTOCOMPLETE, data, who, place, name)

    async def context_menu(
        self, name: str, target: Message | Member, *, member: Person | None = None, channel: Channel | None = None
    ) -> Interaction:
        """Right-click a message or a member; a message comes with its text, as Discord gives it there."""
        place = channel or (target.channel if isinstance(target, Message) else None)
        who, place = self._who(member, place)
        kind = commands.MESSAGE if isinstance(target, Message) else commands.USER
        spec = commands.find(self, place.guild.id if place.guild else None, name, kind)
        self._check_visible(spec, who, place)
        filing = Filing(self, place)
        filing.resolve(target)
        data: Json = {"id": spec["id"], "name": name, "type": kind, "target_id": str(target.id)}
        return await self._send(COMMAND, data | {"resolved": filing.resolved}, who, place, name)

    async def press(
        self,
        message: Message,
        custom_id: str,
        member: Person | None = None,
        *,
        values: Sequence[str | Member | User | Channel | Role] = (),
    ) -> Interaction:
        """Press a button of a message, or choose `values` in a select; it must be there and not disabled."""
        who, place = self._who(member, message.channel)
        found = [part for part in walk(message.components) if part.get("custom_id") == custom_id]
        if not found:
            raise LookupError(f"no {custom_id!r} on the message, only {message.custom_ids}")
        if message.deleted or found[0].get("disabled"):
            raise ValueError(f"{custom_id!r} cannot be pressed: deleted or disabled")
        if message.visible_to not in (None, who.id):
            raise PermissionError("an ephemeral message is there for one person only")
        data: Json = {"custom_id": custom_id, "component_type": found[0]["type"]}
        if found[0]["type"] != 2:
            filing = Filing(self, place)
            data["values"] = [one if isinstance(one, str) else str(filing.resolve(one)) for one in values]
            data |= {"resolved": filing.resolved} if filing.resolved else {}
        return await self._send(COMPONENT, data, who, place, custom_id, source=message)

    async def submit_modal(self, opened: Interaction, values: Mapping[str, Any] | None = None) -> Interaction:
        """Fill in the form that an interaction was answered with; fields go by custom_id or by their label's text.

        A text field takes a string, a select or a group of checkboxes a list of values, a checkbox a bool, a file
        upload a list of (filename, bytes).
        """
        assert opened.modal is not None, f"{opened.name} was not answered with a form but with {opened.kind}"
        filing = Filing(self, opened.channel)
        data: Json = {"custom_id": opened.modal["custom_id"]}
        data["components"] = forms.submitted(opened.modal, dict(values or {}), filing)
        data |= {"resolved": filing.resolved} if filing.resolved else {}
        who = opened.member or opened.user
        name = opened.modal["title"]
        return await self._send(MODAL_SUBMIT, data, who, opened.channel, name, source=opened.source, opener=opened)

    # How it is sent

    def _who(self, member: Person | None, channel: Channel | None) -> tuple[Person, Channel]:
        place = channel or self.channel
        who = member or (place.recipient if place.type == DM else self.member) or self.member
        if place.guild is None:
            return (who.user if isinstance(who, Member) else who), place
        return place.guild.members[who.id], place

    def _check_visible(self, spec: Json, who: Person, place: Channel) -> None:
        contexts = spec.get("contexts")
        if contexts is not None and (0 if place.guild else 1) not in contexts:
            raise PermissionError(f"/{spec['name']} is not offered here")
        if not isinstance(who, Member):
            return
        rights = in_channel(who, place)
        default = spec.get("default_member_permissions")
        needed = BITS["USE_APPLICATION_COMMANDS"] | (int(default) if default is not None else 0)
        nobody_but_admins = default is not None and int(default) == 0 and not rights & BITS["ADMINISTRATOR"]
        if rights & needed != needed or nobody_but_admins:
            raise PermissionError(f"/{spec['name']} is not shown to {who.user.username}")

    def _fill(self, wanted: list[Json], given: dict[str, Any], filing: Filing, force: bool) -> list[Json]:
        if unknown := set(given) - {one["name"] for one in wanted}:
            raise LookupError(f"no such options: {sorted(unknown)}")
        filled: list[Json] = []
        for option in wanted:
            name, kind = option["name"], option["type"]
            if name not in given:
                if option.get("required") and not force:
                    raise ValueError(f"{name} is required")
                continue
            value = given[name]
            if kind in (commands.STRING, commands.INTEGER, commands.BOOLEAN, commands.NUMBER):
                if not force:
                    commands.check_value(option, value)
            elif kind == commands.ATTACHMENT:
                value = str(filing.attach(value))
            else:
                value = str(filing.resolve(value))
            filled.append({"name": name, "type": kind, "value": value})
        return filled

    async def _send(
        self,
        kind: int,
        data: Json,
        who: Person,
        place: Channel,
        name: str,
        *,
        source: Message | None = None,
        opener: Interaction | None = None,
    ) -> Interaction:
        member = who if isinstance(who, Member) else None
        user = who.user if isinstance(who, Member) else who
        guild = place.guild
        await self.wait_for(lambda: self.gateway.live(guild.id if guild else 0))
        number = self.new_id()
        one = Interaction(number, f"token-{number}", kind, user, member, place, self.now(), name, source)
        one.file_limit = max(10 * MIB, user.nitro_limit, guild.file_limit if guild else 0)
        one.metadata = self._metadata(one, opener)
        self.interactions[one.token] = one
        payload = self._payload(one, data)
        json.dumps(payload)  # what cannot be written would fail in the connection, far from the test's mistake
        one.delivered = bool(await self.gateway.dispatch("INTERACTION_CREATE", payload, guild.id if guild else 0))
        return one

    def _owners(self, one: Interaction) -> Json:
        if self.user_installed:
            return {"1": str(one.user.id)}
        return {"0": str(one.channel.guild.id) if one.channel.guild else "0"}

    def _metadata(self, one: Interaction, opener: Interaction | None) -> Json:
        told: Json = {"id": str(one.id), "type": one.type, "user": payloads.user(one.user)}
        told["authorizing_integration_owners"] = self._owners(one)
        if one.type == COMPONENT and one.source:
            told["interacted_message_id"] = str(one.source.id)
        if opener is not None:
            told["triggering_interaction_metadata"] = opener.metadata
        return told

    def _payload(self, one: Interaction, data: Json) -> Json:
        guild, place = one.channel.guild, one.channel
        told: Json = {
            "id": str(one.id),
            "application_id": str(self.application_id),
            "type": one.type,
            "data": data,
            "token": one.token,
            "version": 1,
            "channel_id": str(place.id),
            "channel": payloads.partial(place) if self.partial_channels else payloads.channel(place, one.member),
            "app_permissions": str(self.rights(place) if guild else IN_DM),
            "locale": one.user.locale,
            "entitlements": [],
            "authorizing_integration_owners": self._owners(one),
            "context": 0 if guild else 1,
            "attachment_size_limit": one.file_limit,
        }
        if guild is not None and one.member is not None:
            told |= {
                "guild_id": str(guild.id),
                "guild": {"id": str(guild.id), "locale": guild.locale, "features": guild.features},
                "guild_locale": guild.locale,
                "member": payloads.member(one.member, place),
            }
        else:
            told["user"] = payloads.user(one.user)
        if one.source is not None:
            told["message"] = payloads.message(one.source, self)
        return told
