"""What an operator deploys with: image, compose file, unit, dashboard and alert rules, each true to the code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from domain.job import JobState
from metrics import CALLBACKS, RUNGS, Metrics, Seen
from service.alerts import FAILURES
from settings import READERS
from storage.figures import Figures
from tests.test_house import MAY_IMPORT, ROOT

DEPLOY = ROOT / "docs" / "deploy"
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
RULES: list[dict[str, Any]] = yaml.safe_load((DEPLOY / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "dashboard.json").read_text("utf-8"))
#: What tests and demos need is not in the image.
OUTSIDE = {"demo", "bench", "tests"}


def exposed() -> dict[str, set[str]]:
    """Every name that /metrics has, with its labels."""
    metrics = Metrics(models=["m"], providers=["p"])
    metrics.api_call("p/videos", 200)
    metrics._called("GET", "/users/@me", 200)
    metrics._failures.labels("x").inc()
    for histogram in (metrics._waiting, metrics._rendering):
        histogram.labels("m").observe(1)
    text = metrics.show(Seen(Figures(active={("queued", "m"): 1}), [], {"dispatch": 1.0}, 1, 0.1)).decode()
    families = text_string_to_metric_families(text)
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


EXPOSED = exposed()


def test_the_image_has_every_room() -> None:
    """What is copied into the image is what the house has: no room more, none less, and nothing of the tests."""
    lines = re.findall(r"^COPY ([a-z].*) \S+$", DOCKERFILE, re.M)
    rooms = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()} - OUTSIDE
    files = {path.name for path in ROOT.glob("*.py")}
    copied = {name for line in lines for name in line.split()}
    assert copied == rooms | files | {"catalogue.toml", "locales", "requirements.txt"}
    assert {name.removesuffix(".py") for name in rooms | files} == set(MAY_IMPORT) - OUTSIDE


def test_the_image_passes_the_linter() -> None:
    """hadolint has nothing to say."""
    ended = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "")


def test_the_image_runs_as_nobody() -> None:
    """Not as root, in the exec form, with a health check and a volume; the dependencies are a layer before the code."""
    assert re.search(r"^USER 10001$", DOCKERFILE, re.M)
    assert re.search(r'^CMD \["python", "bot.py"\]$', DOCKERFILE, re.M)
    assert re.search(r"^HEALTHCHECK ", DOCKERFILE, re.M)
    assert re.search(r"^VOLUME /data$", DOCKERFILE, re.M)
    assert DOCKERFILE.index("pip install") < DOCKERFILE.index("COPY bot.py")


def test_the_compose_file_fits_the_image() -> None:
    """Read-only, without rights, with time to stop; only Caddy is seen from outside, and only when it is asked for."""
    bot, caddy = COMPOSE["services"]["bot"], COMPOSE["services"]["caddy"]
    assert (bot["stop_grace_period"], bot["read_only"], bot["tmpfs"]) == ("60s", True, ["/tmp"])
    assert (bot["cap_drop"], bot["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    assert bot["volumes"] == ["clapper:/data"]
    assert all(port.startswith("127.0.0.1:") for port in bot["ports"])
    assert not any("9090" in port for port in bot["ports"])
    assert set(bot["environment"]) <= set(READERS)
    assert caddy["profiles"] == ["tls"]
    for mount in caddy["volumes"]:
        source = mount.split(":")[0]
        assert (ROOT / source).is_file() if source.startswith("./") else source in COMPOSE["volumes"]


def test_the_unit_sets_what_exists() -> None:
    """Settings in the unit are settings of ours, and it waits as long as stopping may take."""
    unit = (DEPLOY / "clapper.service").read_text("utf-8")
    (environment,) = re.findall(r"^Environment=(.*)$", unit, re.M)
    names = {pair.split("=")[0] for pair in environment.split()}
    assert {name for name in names if not name.startswith("PYTHON")} == {"DATABASE_URL"}
    assert "TimeoutStopSec=60" in unit


def test_the_proxy_logs_no_address() -> None:
    """Addresses carry signatures: the site has no access log, and requests that fail are left out of Caddy's own."""
    options, _, site = (DEPLOY / "Caddyfile").read_text("utf-8").partition("{$PUBLIC_URL} {")
    (excluded,) = re.findall(r"^\{\n\tlog \{\n\t\texclude (.*)\n\t\}\n\}$", options, re.M)
    assert set(excluded.split()) == {"http.log.error", "http.handlers.reverse_proxy"}
    assert "log" not in site


def queries() -> list[tuple[str, str]]:
    found = [(rule["alert"], rule["expr"]) for rule in RULES]
    for panel in DASHBOARD["panels"]:
        found += [(panel["title"], target["expr"]) for target in panel.get("targets", [])]
    return found


@pytest.mark.parametrize(("name", "query"), queries())
def test_queries_ask_for_what_there_is(name: str, query: str) -> None:
    """Each query can be read, and every name and label in it is one that /metrics has."""
    query = query.replace("$__rate_interval", "5m")
    promql.parse(query)
    asked = re.findall(r"\b(clapper_\w+|process_\w+|up)\b(?:\{([^}]*)\})?", query)
    assert asked
    for metric, matchers in asked:
        if metric == "up":
            continue
        assert metric in EXPOSED, f"{name} asks for {metric}, which is not there"
        for label in re.findall(r"(\w+)\s*(?:=~|!=|=)", matchers):
            assert label in EXPOSED[metric], f"{name}: {metric} has no label {label}"
    grouped = {label for group in re.findall(r"by \(([^)]*)\)", query) for label in re.split(r",\s*", group)}
    assert grouped <= {label for metric, _ in asked for label in EXPOSED.get(metric, ())}


#: Label → what it may be, where a query asks for some of it.
VALUES = {
    "reason": set(FAILURES),
    "rung": set(RUNGS),
    "outcome": set(CALLBACKS),
    "state": {state.value for state in JobState},
    "scope": {"everywhere", "servers"},
}


def test_queries_ask_for_what_may_be() -> None:
    """The values in queries are such as the bot gives, and the rule for failures counts what the bot's own does."""
    for name, query in queries():
        for label, operator, value in re.findall(r'(\w+)\s*(=~|!=|=)\s*"([^"]*)"', query):
            asked = set(value.split("|")) if operator == "=~" else {value}
            assert asked <= VALUES.get(label, asked), f"{name} asks for {label} {asked}"
    (fail,) = (rule["expr"] for rule in RULES if rule["alert"] == "ClapperFilmsFail")
    assert {frozenset(asked.split("|")) for asked in re.findall(r'reason=~"([^"]*)"', fail)} == {frozenset(FAILURES)}
    text = Metrics(models=["m"], providers=["p"]).show(Seen(None, [], {}, 1, 0.1)).decode()
    for reason in FAILURES:  # a series that begins with its first failure would never show it as an increase
        assert f'clapper_failures_total{{reason="{reason}"}} 0.0' in text


def test_alerts_say_what_to_do() -> None:
    """Every alert has a sentence for what is the matter and one for what to do, and a name of its own."""
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["annotations"]["todo"].endswith(".")
        assert rule["labels"]["severity"] in ("page", "warn")


def test_the_dashboard_can_be_loaded() -> None:
    """Panels have ids of their own, stand within the width, and ask the data source that is chosen above them."""
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24
        for target in panel.get("targets", []):
            assert target["datasource"]["uid"] == "${datasource}"
    assert [variable["name"] for variable in DASHBOARD["templating"]["list"]] == ["datasource"]


def test_every_figure_is_on_the_dashboard_and_explained() -> None:
    """What is measured is shown, and docs/operators.md says what it means."""
    shown = " ".join(query for _, query in queries())
    explained = (ROOT / "docs" / "operators.md").read_text("utf-8")
    names = {name for name in EXPOSED if name.startswith("clapper_")}
    ours = {re.sub(r"_(bucket|count|sum)$", "", name) for name in names}
    for name in ours:
        assert name in shown or name == "clapper_database_up", f"{name} is on no panel"
        assert f"`{name}`" in explained, f"{name} is not explained"
    for name in re.findall(r"`(clapper_\w+)`", explained):
        assert name in ours, f"docs/operators.md explains {name}, which is not there"
