"""The pages about rules, waivers and findings say what the code does.

OSPO_WRITE_EXPECTED=1 writes the tables that follow from the code into the pages; read what differs.
"""

import os
import re
from datetime import date
from pathlib import Path

import orjson
import pytest

from ospo.documents.marked import parse
from ospo.documents.schema import check
from ospo.policy.files import PolicyFile
from ospo.policy.load import inspect, load_rules
from ospo.policy.rule_tests import run_tests
from ospo.policy.subjects import SUBJECTS
from ospo.policy.waivers import REASONS, load_waivers
from ospo.store.filter import KEYS
from ospo.store.filter import parse as parse_filter

DOCS = Path(__file__).parents[1] / "docs"
_YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
_COMMAND = re.compile(r"ospo findings --filter '([^']*)'")


def bundled_rules() -> str:
    parts = []
    for rule in load_rules().rules:
        rows = [
            f"### {rule.id}\n",
            f"{rule.title}.\n",
            f"| about | severity | enforcement | version |\n|---|---|---|---|\n"
            f"| {rule.subject.name} | {rule.severity} | {rule.enforcement} | {rule.version} |\n",
            f"**Why.** {rule.why}\n",
            f"**Configurable.** {', '.join(f'`{name}`' for name in rule.params) or 'No parameters.'}\n",
        ]
        rows += [f"See <{reference}>.\n" for reference in rule.references]
        parts.append("\n".join(rows))
    return "\n".join(parts)


def field_tables() -> str:
    parts = []
    for subject in SUBJECTS.values():
        rows = "\n".join(
            f"| `r.{name}` | {field.type.value} | {field.about} |" for name, field in subject.fields.items()
        )
        header = "| field | type | what it holds |\n|---|---|---|"
        parts.append(f"### {subject.name}\n\n{subject.about}\n\n{header}\n{rows}\n")
    return "\n".join(parts)


def filter_keys() -> str:
    rows = "\n".join(
        f"| `{name}` | {key.about} | {'`<` `<=` `>` `>=`' if key.compares else ''} |"
        for name, key in KEYS.items()
    )
    return f"| key | value | compares |\n|---|---|---|\n{rows}\n"


@pytest.mark.parametrize(
    ("page", "name", "current"),
    [
        ("rules.md", "bundled rules", bundled_rules()),
        ("rules.md", "fields", field_tables()),
        ("findings.md", "filter keys", filter_keys()),
    ],
)
def test_tables_are_those_of_the_code(page: str, name: str, current: str) -> None:
    path = DOCS / page
    section = re.compile(rf"(<!-- {name}: made by the tests -->\n)(.*?)(?=\n## |\Z)", re.DOTALL)
    shown = path.read_text("utf-8")
    match = section.search(shown)
    assert match is not None
    if os.environ.get("OSPO_WRITE_EXPECTED"):
        path.write_text(section.sub(lambda one: f"{one[1]}\n{current}", shown), "utf-8")
        return
    assert match[2].strip() == current.strip()


def test_the_rule_of_the_page_holds_and_passes_its_tests() -> None:
    (text,) = _YAML.findall((DOCS / "rules.md").read_text("utf-8"))
    ((_, rule, faults),) = inspect(PolicyFile("rules.md", ""), text.encode())
    assert faults == []
    assert rule is not None
    assert [result.failure for result in run_tests(rule)] == ["", "", ""]


def test_every_key_of_a_rule_is_explained() -> None:
    page = (DOCS / "rules.md").read_text("utf-8")
    schema = orjson.loads((DOCS / "schemas" / "rule.json").read_bytes())["properties"]
    spec = set(schema["spec"]["properties"]) - {"title", "docs"}
    assert {name for name in spec if f"`spec.{name}`" not in page} == set()


def test_the_waivers_of_the_page_hold(tmp_path: Path) -> None:
    (text,) = _YAML.findall((DOCS / "waivers.md").read_text("utf-8"))
    (document,) = parse(Path("waivers.md"), text.encode())
    assert check(document, "Waivers") == []
    (tmp_path / "waivers.yaml").write_text(text)
    (waiver,) = load_waivers(tmp_path / "waivers.yaml", ["unknown-license"]).waivers
    assert date.fromisoformat(waiver.expires) == date(2027, 1, 31)


def test_every_key_and_reason_of_a_waiver_is_explained() -> None:
    page = (DOCS / "waivers.md").read_text("utf-8")
    entry = orjson.loads((DOCS / "schemas" / "waivers.json").read_bytes())["properties"]["waivers"]["items"]
    keys = {
        *entry["properties"],
        *(f"selector.{name}" for name in entry["properties"]["selector"]["properties"]),
    }
    assert {key for key in keys if f"| `{key}` |" not in page} == set()
    assert entry["properties"]["reason"]["enum"] == list(REASONS)
    assert {code for code, meaning in REASONS.items() if f"| `{code}` | {meaning} |" not in page} == set()


def test_the_filters_of_the_page_are_filters() -> None:
    filters = _COMMAND.findall((DOCS / "findings.md").read_text("utf-8"))
    assert len(filters) == 4
    for text in filters:
        assert parse_filter(text, 0).where != "true"
