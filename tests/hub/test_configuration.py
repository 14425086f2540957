"""What `careloom.toml` may say: every problem at once, and relative paths below its own folder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from careloom.cases.rights import AmountLimits
from careloom.core.errors import ConfigurationError
from careloom.hub.configuration import Configuration, check, load
from careloom.hub.sections import SourceSection
from careloom.systems.http.connector import Settings as HttpSettings
from careloom.systems.mllp.connector import Settings as MllpSettings

EHR = {"kind": "mllp", "port": 6661}


def refused(mapping: Mapping[str, Any]) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        check(mapping, Path())
    return str(raised.value).splitlines()


def test_a_wrong_section_does_not_hide_wrong_systems_nor_what_refers_to_nothing() -> None:
    lines = refused({
        "hub": {"lane": 3},
        "api": {"port": "x"},
        "systems": {"ehr": EHR | {"port": 99_999}, "x": {"kind": "fax"}},
        "sources": {"ehr": {"zone": "Mars/Olympus"}, "lab": {}},
        "flows": {"registration": {"erp": "nowhere"}},
        "deliveries": {"out": {"system": "gone", "events": ["a"]}},
    })  # fmt: skip
    paths = sorted(line.partition(": ")[0] for line in lines)
    assert paths == [
        "careloom.toml.api.port", "careloom.toml.hub.lane", "careloom.toml.sources.ehr.zone", "deliveries.out.system",
        "flows.registration.erp", "sources.lab", "systems.ehr.port", "systems.x.kind",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "mapping",
    [
        {"systems": 3}, {"systems": {"ehr": 3}}, {"systems": {"EHR": EHR}}, {"hub": []}, {"flows": {"registration": 1}},
        {"flows": 1, "sources": 2, "deliveries": 3}, {"flows": {"registration": {"erp": 5}}}, {"sources": {"ehr": 1}},
        {"deliveries": {"out": {"events": ["a"]}}}, {"deliveries": {"out": {"system": 4, "events": ["a"]}}},
        {"systems": {"ehr": EHR | {"kind": 7}}}, {"systems": {"ehr": {}}}, {"surplus": {}},
    ],
    ids=str,
)  # fmt: skip
def test_sections_of_any_shape_are_told_and_never_a_crash(mapping: Mapping[str, Any]) -> None:
    assert refused(mapping)


def test_a_section_that_is_no_table_is_told_once() -> None:
    assert len(refused({"systems": 3, "sources": {"ehr": {}}})) == 1
    assert len(refused({"flows": 3})) == 1


def test_what_is_right_passes() -> None:
    found = check({"systems": {"ehr": EHR}, "sources": {"ehr": {}}}, Path())
    assert isinstance(found, Configuration)
    assert found.systems["ehr"].kind == "mllp"


def test_tls_files_are_below_the_folder_of_the_settings_not_where_the_hub_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "careloom.toml").write_text(
        '[systems.ehr]\nkind = "mllp"\nport = 0\n[systems.ehr.tls]\n'
        'certificate = "tls/hub.pem"\nkey = "/etc/hub.key"\nclient_ca = "../ca.pem"\n'
        '[systems.bi]\nkind = "http"\nurl = "https://bi.example/"\n[systems.bi.tls]\nca = "tls/ca.pem"\n'
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    systems = load(Path("../project/careloom.toml")).systems
    ehr, bi = systems["ehr"].settings, systems["bi"].settings
    assert isinstance(ehr, MllpSettings) and ehr.tls is not None
    assert isinstance(bi, HttpSettings) and bi.tls is not None
    assert ehr.tls.certificate == project / "tls/hub.pem"
    assert ehr.tls.key == Path("/etc/hub.key"), "an absolute path stays"
    assert ehr.tls.client_ca is not None and ehr.tls.client_ca.resolve() == tmp_path / "ca.pem"
    assert (bi.tls.ca, bi.tls.certificate, bi.tls.key) == (project / "tls/ca.pem", None, None)


def test_settings_made_without_a_file_keep_their_paths() -> None:
    made = HttpSettings.model_validate({"url": "https://bi.example/", "tls": {"ca": "ca.pem"}})
    assert made.tls is not None and made.tls.ca == Path("ca.pem")


def test_a_source_as_mappings_take_it() -> None:
    chicago = SourceSection(zone="America/Chicago", social_security=True).for_mapping()
    winter = datetime(2026, 1, 1, tzinfo=UTC).astimezone(chicago.zone)
    assert (winter.utcoffset(), chicago.social_security) == (timedelta(hours=-6), True)
    assert SourceSection().for_mapping().social_security is False


def test_amounts_that_roles_may_approve() -> None:
    section = {"currency": "EUR", "limits": {"purchasing": 5000, "head": "12500.50", "cfo": "any"}}
    limits = check({"approvals": section}, Path()).settings.approvals.for_ballots()
    assert limits == AmountLimits({"purchasing": Decimal(5000), "head": Decimal("12500.50"), "cfo": None}, "EUR")
    assert check({}, Path()).settings.approvals.for_ballots() == AmountLimits()


@pytest.mark.parametrize("limit", [-1, "much", True, "NaN", "Infinity"])
def test_a_limit_that_is_none_is_told(limit: object) -> None:
    [*lines] = refused({"approvals": {"limits": {"purchasing": limit}}})
    assert all(line.startswith("careloom.toml.approvals.limits.purchasing") for line in lines) and lines
