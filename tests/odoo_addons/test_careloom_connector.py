"""The Odoo addon, as far as it can be judged without an Odoo: its own tests run inside one (see its README)."""

import ast
import csv
import re
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree

ADDON = Path(__file__).resolve().parents[2] / "odoo_addons" / "careloom_connector"
PYTHON = sorted(ADDON.rglob("*.py"))
XML = sorted(ADDON.rglob("*.xml"))
TRACED = {"res.partner", "account.move", "purchase.order", "sale.order", "stock.picking"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ADDON))


def manifest() -> dict[str, Any]:
    found = ast.literal_eval((ADDON / "__manifest__.py").read_text())
    assert isinstance(found, dict)
    return found


def access() -> list[dict[str, str]]:
    return list(csv.DictReader((ADDON / "security" / "ir.model.access.csv").read_text().splitlines()))


def own_models() -> dict[str, str]:
    """Each model that the addon brings: its name and what it derives from."""
    found = {}
    for path in (ADDON / "models").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ClassDef):
                continue
            values = {
                target.id: ast.literal_eval(item.value)
                for item in node.body
                if isinstance(item, ast.Assign)
                for target in item.targets
                if isinstance(target, ast.Name) and target.id in {"_name", "_inherit"}
            }
            if "_name" in values and "_inherit" not in values:
                found[values["_name"]] = ast.unparse(node.bases[0])
    return found


def test_the_manifest_fits_both_series() -> None:
    found = manifest()
    assert found["license"] == "LGPL-3"
    assert re.fullmatch(r"\d+\.\d+\.\d+", found["version"]), "three parts, so that Odoo prefixes its own series"
    assert found["installable"] is True
    assert set(found["depends"]) >= {"account", "purchase", "sale", "stock"}


def test_the_manifest_lists_each_data_file_and_only_those() -> None:
    there = {name_of(path) for folder in ("security", "views") for path in (ADDON / folder).iterdir() if path.is_file()}
    assert set(manifest()["data"]) == there
    assert manifest()["data"].index("security/careloom_security.xml") < manifest()["data"].index(
        "security/ir.model.access.csv"
    )


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_python_is_that_of_3_10_with_a_licence_header(path: Path) -> None:
    text = path.read_text()
    ast.parse(text, feature_version=(3, 10))
    if path.name != "__manifest__.py":
        assert text.startswith("# Copyright "), "whose it is"
        assert "License LGPL-3.0 or later" in text.splitlines()[1]


@pytest.mark.parametrize("path", XML, ids=name_of)
def test_xml_is_well_formed_with_a_licence_header(path: Path) -> None:
    assert ElementTree.parse(path).getroot().tag == "odoo"
    assert "License LGPL-3.0 or later" in path.read_text()


def test_each_module_and_each_test_is_imported() -> None:
    for folder in ("models", "tests"):
        tree = ast.parse((ADDON / folder / "__init__.py").read_text())
        imported = {name.name for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names}
        pattern = "*.py" if folder == "models" else "test_*.py"
        there = {path.stem for path in (ADDON / folder).glob(pattern)} - {"__init__"}
        assert imported == there


def test_each_stored_model_has_access_rules() -> None:
    stored = {name for name, base in own_models().items() if base == "models.Model"}
    assert stored == {"careloom.document", "careloom.outbox", "careloom.watch"}
    ruled = {row["model_id:id"] for row in access()}
    assert {f"model_{name.replace('.', '_')}" for name in stored} <= ruled


def test_the_group_may_only_read() -> None:
    for row in access():
        assert row["group_id:id"], "no rule is for everybody"
        assert (row["perm_read"], row["perm_write"], row["perm_create"], row["perm_unlink"]) == ("1", "0", "0", "0")
    assert not any("ir_model_data" in row["model_id:id"] for row in access())


def test_access_rules_have_names_of_their_own() -> None:
    names = [row["id"] for row in access()]
    assert len(names) == len(set(names))


def test_the_outbox_keeps_companies_apart() -> None:
    fields = ElementTree.parse(ADDON / "security" / "careloom_security.xml").iter("field")
    domains = [field.text or "" for field in fields if field.get("name") == "domain_force"]
    assert any("company_ids" in domain for domain in domains)


def test_each_form_has_the_button_and_hides_it_without_a_hub() -> None:
    seen = set()
    for path in XML:
        for record in ElementTree.parse(path).iter("record"):
            buttons = [b for b in record.iter("button") if b.get("name") == "action_careloom_exceptions"]
            for button in buttons:
                assert button.get("invisible") == "not careloom_exceptions_url"
                seen |= {field.text for field in record if field.get("name") == "model"}
    assert seen == TRACED


def test_nothing_of_one_series_only_is_used() -> None:
    text = "\n".join(path.read_text() for path in [*PYTHON, *XML])
    for word in ("_sql_constraints", "models.Constraint", "privilege_id", 'category_id" ref', "groups_id", "<tree"):
        assert word not in text, word


def test_the_readme_has_the_parts_that_oca_asks_for() -> None:
    for part in ("DESCRIPTION", "INSTALL", "CONFIGURE", "USAGE", "CONTRIBUTORS"):
        assert (ADDON / "readme" / f"{part}.md").read_text().strip()
    assert (ADDON / "README.md").exists()
    assert (ADDON / "static" / "description" / "icon.svg").exists()
