"""`make texts`: brings the catalogues up to date with the code, and says what is left to translate."""

from __future__ import annotations

import asyncio

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from tests.texts.found import Text, every_text
from ui.language import CATALOGUES, LOCALES

#: Plural forms where ours differ from Babel's: its third form for round millions says nothing that ours would.
_PLURALS = {"es": "nplurals=2; plural=(n != 1);", "pt_BR": "nplurals=2; plural=(n > 1);"}


def update(name: str, texts: list[Text]) -> int:
    """Write a language's catalogue with exactly these texts, translations kept; returns how many have none."""
    path = LOCALES / name / "LC_MESSAGES" / "clapper.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        with path.open("rb") as file:
            catalogue = read_po(file, locale=name)
    else:
        head = f"# Clapper in this language ({name}). How to translate: docs/translating.md."
        catalogue = Catalog(name, header_comment=head, project="Clapper", version="1", fuzzy=False)
        catalogue.last_translator, catalogue.language_team = "Clapper", name
        catalogue.msgid_bugs_address, catalogue.revision_date = "", catalogue.creation_date
    if name in _PLURALS:
        catalogue.mime_headers = [("Plural-Forms", _PLURALS[name])]
    template = Catalog(creation_date=catalogue.creation_date)
    for text in texts:
        template.add((text.one, text.many) if text.many else text.one, locations=[(text.where, 0)])
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    with path.open("wb") as file:
        write_po(file, catalogue, width=118, include_lineno=False)
    return sum(1 for message in catalogue if message.id and not (message.string and all(message.string)))


async def main() -> None:
    texts = await every_text()
    for name in dict.fromkeys(CATALOGUES.values()):
        print(f"{name}: {update(name, texts)} of {len(texts)} texts are to be translated")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
