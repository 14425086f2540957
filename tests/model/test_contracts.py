"""Every event has what its readers need to know: who answers for it, who decides, what it is about, how long it
stays."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args, get_origin

import msgspec
import pytest

from careloom import model
from careloom.core.errors import FormatError
from careloom.model.contract import RETRIES, Contract, Terms
from careloom.model.datatypes import Element, Identifier, Person
from careloom.model.personal import personal_paths

NAMES = sorted(model.EVENTS)
GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_says_all_that_readers_need(name: str) -> None:
    contract = model.CONTRACTS[name]
    assert contract.source_of_truth
    assert contract.publishers
    assert contract.data_classes
    assert contract.retry in RETRIES
    assert 1 <= contract.retention_years <= 10
    assert contract.event.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_what_tells_of_a_patient_is_called_health_information_and_is_masked(name: str) -> None:
    contract = model.CONTRACTS[name]
    hints = {one.name: str(one.type) for one in msgspec.structs.fields(contract.event)}
    if any("Patient" in hint for hint in hints.values()):
        assert "phi" in contract.data_classes
        assert {"patient", "survivor", "member", "parts"} & set(contract.personal)


def test_every_event_is_of_one_domain() -> None:
    told = [contract.type for contracts in model.DOMAINS.values() for contract in contracts]
    assert sorted(told) == NAMES


def test_money_is_kept_for_seven_years() -> None:
    financial = [one for one in model.CONTRACTS.values() if one.data_classes == ("financial",)]
    assert financial
    assert {one.retention_years for one in financial} == {7}


@pytest.mark.parametrize("name", NAMES)
def test_the_last_way_to_tell_a_subject_always_works(name: str) -> None:
    """A path through members that must be there, so that no event can be without a subject."""
    last = model.EVENTS[name].about[-1]
    hint: object = model.EVENTS[name]
    for part in last.path.split("."):
        (field,) = (one for one in msgspec.structs.fields(_inner(hint)) if one.name == part)
        assert field.required or _demands(hint, part), f"{last.path}: {part} may be absent"
        hint = field.type
    assert _inner(hint) in (Identifier, Person)


def _demands(hint: object, part: str) -> bool:
    metas = [one for one in get_args(hint) if isinstance(one, msgspec.Meta)]
    return any(part in (meta.extra_json_schema or {}).get("required", ()) for meta in metas)


@pytest.mark.parametrize("member", ["practitioner", "location", "organization"])
def test_a_change_of_a_record_says_of_which(member: str) -> None:
    name = f"{member}.updated.v1"
    bare = type(getattr(model.examples()[name], member))()
    with pytest.raises(ValueError, match="which record changed"):
        msgspec.structs.replace(model.examples()[name], **{member: bare})
    with pytest.raises(FormatError, match="at least one number"):
        model.decode(name, f'{{"trigger":"T","{member}":{{}}}}'.encode())


@pytest.mark.parametrize("name", NAMES)
def test_paths_to_subjects_lead_to_identifiers_or_persons(name: str) -> None:
    for one in (*model.EVENTS[name].about, *model.EVENTS[name].also):
        hint: object = model.EVENTS[name]
        for part in one.path.split("."):
            (field,) = (member for member in msgspec.structs.fields(_inner(hint)) if member.name == part)
            hint = field.type
        assert _inner(hint) in (Identifier, Person)


def _inner(hint: object) -> type:
    """The class in an optional or a list."""
    if isinstance(hint, type) and get_origin(hint) is None:
        return hint
    return next(_inner(one) for one in get_args(hint) if one not in (type(None), ...))


@pytest.mark.parametrize("file", GOLDEN, ids=lambda one: one.stem)
def test_events_of_the_first_release_are_written_as_they_were(file: Path) -> None:
    name, data = file.stem, file.read_bytes()
    assert model.encode(model.examples()[name]) == data
    assert model.encode(model.decode(name, data)) == data


def test_examples_that_are_kept_as_json_hold_nothing_that_the_model_does_not_know() -> None:
    folder = Path(model.__file__).with_name("catalogue") / "examples"
    kept = {name: one for file in folder.iterdir() for name, one in json.loads(file.read_bytes()).items()}
    assert len(kept) == len(NAMES) - len(GOLDEN)
    for name, one in kept.items():
        assert json.loads(model.encode(model.examples()[name])) == one, name


def test_examples_are_of_nobody() -> None:
    """Example domains, numbers that nobody has: 555-01xx, test NPIs, no social security number."""
    text = "\n".join(model.encode(one).decode() for one in model.examples().values())
    assert all(one.endswith("example.org") for one in re.findall(r"[@/]([a-z.]+\.(?:org|com|net))\b", text))
    assert all("555-01" in one for one in re.findall(r"\(\d{3}\)[\d-]+", text))
    assert not re.search(r"\b\d{3}-\d{2}-\d{4}\b", text)
    assert set(re.findall(r'"value":"(\d{10})","type":"NPI"', text)) <= {"1999999992", "1999999984"}


def test_terms_give_each_contract_its_own_meaning() -> None:
    terms = Terms(
        owner="team", source_of_truth="us", publishers=("careloom",), data_classes=("operational",), retention_years=1
    )

    class Happened(model.CanonicalEvent, frozen=True, kw_only=True):
        """Something
        happened.

        More of it.
        """

        type = "thing.happened.v1"

    found = terms.contract(Happened, retry="bulk")
    assert isinstance(found, Contract)
    assert (found.meaning, found.retry, found.type) == ("Something happened.", "bulk", "thing.happened.v1")
    assert terms.contract(Happened, meaning="Said.").meaning == "Said."
    assert found.personal == ()


def test_what_is_personal_is_found_through_lists_and_options() -> None:
    class Inner(Element, frozen=True, kw_only=True):
        personal = ("secret",)
        secret: str
        plain: str

    class Outer(Element, frozen=True, kw_only=True):
        many: tuple[Inner, ...] = ()
        one_inner: Inner | None = None
        plain: str | None = None

    Outer.__annotations__.update(many=tuple[Inner, ...], one_inner=Inner | None)
    Inner.__annotations__.update(secret=str, plain=str)
    assert personal_paths(Outer) == ("many[].secret", "oneInner.secret")
