"""What makes films begin from films: the parts that stand between the services and Discord."""

from __future__ import annotations

from assembly.resources import Resources
from assembly.services import Services
from cogs.client import Clapper
from service.again import Again
from service.copies import Copies
from service.drafts import Drafts
from service.erase import Erase
from service.joining import Joining
from ui.courier import Courier
from ui.posts import Posts


class Making:
    """Again, Edit, Continue, Join, Delete."""

    def __init__(self, r: Resources, services: Services, bot: Clapper, courier: Courier) -> None:
        posts = Posts(bot)
        self._services = services
        self.drafts = Drafts(r.db)
        self.again = Again(r.db, allows_reuse=self._allows_reuse)
        self.copies = Copies(r.db, fetcher=r.fetcher, client=r.client, posted=posts, folder=r.folder)
        self.erase = Erase(r.db, rights=services.rights, posts=posts, courier=courier)
        self.joining = Joining(
            r.db,
            again=self.again,
            copies=self.copies,
            parcels=services.parcels,
            posts=posts,
            limits=courier,
            folder=r.folder,
        )

    async def _allows_reuse(self, guild_id: int) -> bool:
        return (await self._services.policies.of(guild_id)).server.reuse
