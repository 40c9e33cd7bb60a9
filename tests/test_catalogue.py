"""Reading a catalogue: what a row inherits, how prices and lengths are written, and what is wrong with it, by row."""

from __future__ import annotations

import pytest

from domain.catalogue import Catalogue, CatalogueError
from domain.model import Mode, Model

#: A service with two modes, and a model of it that says little itself.
TEXT = """
[provider.loom]
sizes = ["720p", "1080p"]
prompt_max = 500
body = { prompt = "prompt", size = "resolution", fixed = { kind = "film" } }
text = { body = { fixed = { action = "text" } } }
first = { sizes = ["720p"], body = { fixed = { action = "image" }, first = "image_url" } }

[[model]]
key = "loom-2"
label = "Loom 2"
provider = "loom"
price = { 720p = 2, 1080p = 3 }
body = { fixed = { model = "loom2" } }
text = {}
first = { prompt_max = 400 }
"""


def only(text: str) -> Model:
    (model,) = Catalogue.parse(text).models
    return model


def mode(text: str, name: str = "text") -> Mode:
    found = only(text).mode(name)
    assert found is not None
    return found


def test_what_is_more_special_counts() -> None:
    """A mode says it before its model, its model before the mode of the provider, that before the provider."""
    text, first = mode(TEXT), mode(TEXT, "first")
    assert (text.sizes, text.prompt_max) == (("720p", "1080p"), 500)
    assert (first.sizes, first.prompt_max) == (("720p",), 400)
    assert text.wire.fixed == {"kind": "film", "action": "text", "model": "loom2"}
    assert first.wire.fixed == {"kind": "film", "action": "image", "model": "loom2"}
    wider = mode(TEXT.replace('label = "Loom 2"', 'label = "Loom 2"\nsizes = ["1080p"]'), "first")
    assert wider.sizes == ("1080p",)


def test_a_field_is_taken_away() -> None:
    """An empty name leaves out a field that the provider has."""
    fewer = TEXT.replace("price = { 720p = 2, 1080p = 3 }", "price = 2\nsizes = []")
    fewer = fewer.replace('sizes = ["720p"], ', "").replace('model = "loom2" } }', 'model = "loom2" }, size = "" }')
    assert mode(fewer).wire.fields == {"prompt": "prompt"}
    assert mode(fewer).prices == {("", 0, False): 2}


#: What stands in the row, and some of what a film costs then: size, seconds, with sound, credits.
PRICES: list[tuple[str, tuple[str, int, bool], int]] = [
    ("price = 4", ("720p", 10, False), 4),
    ("price = { 5 = 2, 10 = 3, 15 = 7 }", ("1080p", 15, False), 7),
    ("price = { each = 0.3 }", ("720p", 10, False), 3),
    ("price = { each = 0.31 }", ("720p", 10, False), 4),  # rounded up
    ("price = { each = 0.01 }", ("720p", 5, False), 1),  # nothing is free
    ("price = { upto = { 9 = 1, 10 = 2, 20 = 5 } }", ("720p", 10, False), 2),
    ("price = { 720p = 1, 1080p = { upto = { 10 = 2, 20 = 5 } } }", ("1080p", 15, False), 5),
    ("price = { 720p = { each = 0.2 }, 1080p = 8 }", ("720p", 15, False), 3),
    ("price = 4", ("720p", 10, True), 4),  # sound costs no more
    ("price = 4\nprice_sound = { each = 1 }", ("720p", 10, True), 10),
]
LONG = TEXT.replace('label = "Loom 2"', 'label = "Loom 2"\ndurations = [10, 5, 15]\nsound = "off"').replace(
    'model = "loom2" } }', 'model = "loom2" }, duration = "duration", sound = "audio" }'
)


@pytest.mark.parametrize(("price", "what", "credits"), PRICES)
def test_prices(price: str, what: tuple[str, int, bool], credits: int) -> None:
    """By a number, by seconds, up to so many, so much a second, each perhaps by size, and again for sound."""
    assert mode(LONG.replace("price = { 720p = 2, 1080p = 3 }", price)).prices[what] == credits


def test_a_row_without_modes_inherits_too() -> None:
    """Where a row names no modes, what its provider says counts all the same."""
    row = TEXT.replace("text = {}\nfirst = { prompt_max = 400 }\n", "")
    assert only(row).modes[0].wire.fixed == {"kind": "film", "model": "loom2"}
    assert (mode(row).prompt_max, len(only(row).modes)) == (500, 1)


def test_spans_of_seconds() -> None:
    """A span is all whole seconds between two ends, its default in front."""
    text = LONG.replace("[10, 5, 15]", "{ from = 4, to = 7, default = 6 }").replace("{ 720p = 2, 1080p = 3 }", "1")
    assert mode(text).durations == (6, 4, 5, 7)


FAULTS = [
    ('label = "Loom 2"', 'label = "Loom 2"\ndurtions = [5]', "loom-2: durtions is nothing that can be said there"),
    ("first = { prompt_max", "first = { promptmax", "loom-2: first.promptmax is nothing"),
    ("prompt_max = 500", "prompt_mox = 500", "provider.loom.prompt_mox is nothing"),
    ("first = { sizes", "first = { size", "provider.loom.first.size is nothing"),
    ('key = "loom-2"', 'key = "loom:2"', "key and label"),
    ("1080p = 3 }", "1080p = 0 }", "price.1080p must be a whole number"),
    ("720p = 2, ", "", "price.720p"),
    (', first = "image_url"', "", "where the pictures of first go"),
    ('prompt = "prompt", ', "", "body.prompt is missing"),
    ('size = "resolution"', 'size = "resolution", colour = "c"', "body.colour is none of"),
    ('size = "resolution", ', "", "sizes need at least one value"),
    ('label = "Loom 2"', 'label = "Loom 2"\nsound = "loud"', "sound must be"),
    ('label = "Loom 2"', 'label = "Loom 2"\nsound = "on"', "needs body.sound"),
    ('label = "Loom 2"', 'label = "Loom 2"\nnegative_max = 9', "negative_max needs body.negative"),
    ('label = "Loom 2"', 'label = "Loom 2"\norientations = ["round"]', "orientations must be some of"),
    ('label = "Loom 2"', 'label = "Loom 2"\nresult = { link = "x" }', "result.link is nothing"),
    ('label = "Loom 2"', 'label = "Loom 2"\ndurations = { from = 5, to = 4 }', "durations must be like"),
    (
        'label = "Loom 2"',
        'label = "Loom 2"\ndurations = { from = 4, to = 5, defalt = 4 }',
        "durations.defalt is nothing",
    ),
    ('label = "Loom 2"', 'label = "Loom 2"\ndurations = [5, 5]', "durations must be a list of different seconds"),
    ('label = "Loom 2"', 'label = "Loom 2"\ndurations = 5', "durations must be a list of different seconds"),
    # a wrong place or kind
    ("[provider.loom]", "[providers.loom]", "providers: only [[model]] and [provider.…] are known"),
    ("[[model]]", "[[modell]]", "no [[model]] row"),
    ("\n[provider.loom]", "provider = 5\n[[model]]\nkey = 'a'\n[x.loom]", "provider: write [provider.NAME]"),
    ("\n[provider.loom]", "[provider]\nweft = 5\n[provider.loom]", "provider.weft must be a table"),
    (
        'provider = "loom"',
        'provider = "lom"',
        "loom-2: body.prompt is missing: neither the row says it nor a [provider.lom]",
    ),
    ('provider = "loom"', 'provider = "loom/x"', "loom-2: provider must be a word"),
    ('key = "loom-2"', "key = 2", "2: key must be text"),
    ("text = {}", "text = true", "loom-2: text must be a table"),
    ("first = { sizes", "first = { body = 5 }\nends = { sizes", "provider.loom.first.body must be a table"),
    ('body = { fixed = { model = "loom2" } }', "body = { fixed = 5 }", "loom-2: body.fixed must be a table"),
    ('label = "Loom 2"', 'label = "Loom 2"\npaused = true', "loom-2: paused must be text"),
    ('label = "Loom 2"', 'label = "Loom 2"\nbase64 = "no"', "loom-2: base64 must be true or false"),
    ('label = "Loom 2"', 'label = "Loom 2"\nsizes = "720p"', "loom-2: sizes must be a list of texts"),
    ('label = "Loom 2"', 'label = "Loom 2"\nsizes = ["720p", "720p"]', "loom-2: sizes has one of its values twice"),
    ('label = "Loom 2"', 'label = "Loom 2"\nresult = { done = "made" }', "loom-2: done must be a list of texts"),
    # what would be left out of every request, or sent as something else
    ('label = "Loom 2"', 'label = "Loom 2"\ncharacter = "position"', "loom-2: character needs body.character"),
    ('label = "Loom 2"', 'label = "Loom 2"\nsound_sizes = ["4k"]', "loom-2: sound_sizes: 4k is none of its sizes"),
    ('label = "Loom 2"', 'label = "Loom 2"\ncite = "<<<1>>>"', "loom-2: cite must say {n}"),
    ('model = "loom2"', 'model = "loom2", prompt = "x"', "more than one value for the API's field prompt"),
    ('model = "loom2"', 'model = "loom2", async = false', "more than one value for the API's field async"),
    ('model = "loom2"', 'model = "loom2", since = 2026-01-01', "loom-2: body holds what JSON has not"),
    (
        'model = "loom2" }',
        'model = "loom2" }, lists = { parts = [{ of = "prompt", form = "$", fo = 1 }] }',
        "loom-2: body.lists.parts must be a list of",
    ),
    (
        'model = "loom2" }',
        'model = "loom2" }, lists = { parts = [{ of = "prompt", form = { text = "S" } }] }',
        "loom-2: body.lists.parts must be a list of",
    ),
    ("720p = 2, ", "720p = { upto = { ten = 2 } }, ", "loom-2: price.720p.upto.ten is nothing"),
    ("720p = 2, ", "720p = { eech = 2 }, ", "loom-2: price.720p.eech is nothing"),
]


@pytest.mark.parametrize(("old", "new", "says"), FAULTS, ids=lambda value: str(value)[:30])
def test_a_wrong_row_says_what_and_where(old: str, new: str, says: str) -> None:
    """Each mistake, also a mere slip of the pen, is named with its row."""
    assert old in TEXT
    with pytest.raises(CatalogueError) as caught:
        Catalogue.parse(TEXT.replace(old, new, 1))
    assert says in "\n".join(caught.value.faults)


@pytest.mark.parametrize(
    ("key", "label"), [("loom-2", "Another"), ("LOOM-2", "Another"), ("other", "loom 2"), ("other", "Loom-2")]
)
def test_names_stand_once(key: str, label: str) -> None:
    """Members type key or label, in any case: no two models share either."""
    again = TEXT[TEXT.index("[[model]]") :].replace('"loom-2"', f'"{key}"').replace('"Loom 2"', f'"{label}"')
    with pytest.raises(CatalogueError) as caught:
        Catalogue.parse(TEXT + again)
    assert ": stands twice" in str(caught.value)


def test_the_order_of_moderators() -> None:
    """Keys that they name stand in front, those of no model do not count, and the first to be had is the default."""
    more = TEXT + TEXT[TEXT.index("[[model]]") :].replace("loom-2", "loom-3").replace("Loom 2", "Loom 3")
    catalogue = Catalogue.parse(more)
    assert [row.key for row in catalogue.ordered(["gone", "loom-3"])] == ["loom-3", "loom-2"]
    assert catalogue.default(["loom-3"]).key == "loom-3"
    assert catalogue.default(["loom-3"], lambda row: row.key != "loom-3").key == "loom-2"
    assert catalogue.default((), lambda row: False).key == "loom-2"
