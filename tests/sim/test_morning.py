"""The morning, and whether what it says must come of it follows from its bytes alone."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.formats import hl7v2
from careloom.mapping.translation import translate_bytes
from careloom.sim.morning import Account, Morning, clock_at, morning
from careloom.sim.stories import TAKEN, Fate, Sent

_CARRIES_A_PERSON = {"ADT^A04", "ADT^A01", "ADT^A28", "ADT^A08", "ADT^A31", "ADT^A40"}


@pytest.fixture(scope="module")
def script() -> Morning:
    return morning(60, 19)


def _messages(script: Morning, *fates: Fate) -> list[Sent]:
    return [one.sent for one in script.messages if one.sent.fate in fates]


def _subject(body: bytes) -> str:
    return hl7v2.parse(body).get("PID-3.1")


def test_a_seed_fixes_every_byte() -> None:
    first, second, other = morning(40, 7), morning(40, 7), morning(40, 8)
    assert first == second
    assert [one.sent.body for one in first.messages] != [one.sent.body for one in other.messages]


@given(patients=st.integers(10, 80), seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_every_morning_has_everything_that_the_demo_promises(patients: int, seed: int) -> None:
    script = morning(patients, seed)
    fates = script.fates()
    assert all(fates[fate] > 0 for fate in Fate if fate is not Fate.REPEATED)
    triggers = {one.what for one in _messages(script, *TAKEN)}
    assert triggers >= {
        "ADT^A04", "ADT^A01", "ADT^A08", "ADT^A28", "ADT^A31", "ADT^A03", "ADT^A11", "ADT^A40", "ADT^A02",
    }  # fmt: skip
    assert patients <= len(script.accounts) + 10
    assert script.accounts[script.star].active
    assert [one.moment for one in script.messages] == sorted(one.moment for one in script.messages)
    assert (script.messages[0].moment, script.messages[-1].moment) == (0.0, 1.0)


def test_an_ordinary_morning_has_repeats_and_cancelled_discharges(script: Morning) -> None:
    assert script.fates()[Fate.REPEATED] > 3
    assert any(one.what == "ADT^A13" for one in _messages(script, Fate.FILTERED))


def test_all_about_one_patient_leaves_on_one_line(script: Morning) -> None:
    lines: dict[str, set[int]] = defaultdict(set)
    for one in script.messages:
        if one.sent.fate in TAKEN:
            message = hl7v2.parse(one.sent.body)
            for subject in (message.get("PID-3.1"), message.get("MRG-1.1")):
                lines[subject].add(one.line)
    lines.pop("")
    assert all(len(used) == 1 for used in lines.values())
    assert len(set.union(*lines.values())) > 1


def test_a_repeat_is_the_same_bytes_and_leaves_after_the_first(script: Morning) -> None:
    seen: dict[bytes, int] = {}
    for place, one in enumerate(script.messages):
        if one.sent.fate is Fate.REPEATED:
            assert script.messages[seen[one.sent.body]].line == one.line
        else:
            assert one.sent.body not in seen
            seen[one.sent.body] = place


def test_a_conflict_uses_a_control_id_again_for_other_content(script: Morning) -> None:
    (conflict,) = _messages(script, Fate.CONFLICTING)
    control_id = hl7v2.peek(conflict.body).control_id
    earlier = [one for one in _messages(script, *TAKEN) if hl7v2.peek(one.body).control_id == control_id]
    assert len(earlier) == 1
    assert earlier[0].at < conflict.at and earlier[0].body != conflict.body


def test_what_is_refused_has_no_usable_header(script: Morning) -> None:
    refused = _messages(script, Fate.REFUSED)
    assert len(refused) == 4
    for one in refused:
        with pytest.raises(FormatError):
            hl7v2.peek(one.body)


def test_what_is_taken_has_one(script: Morning) -> None:
    ids = [hl7v2.peek(one.body).control_id for one in _messages(script, *TAKEN)]
    assert len(set(ids)) == len(ids)


def test_what_is_parked_has_no_translation_or_waits_behind_what_has_none(script: Morning) -> None:
    outcomes = [translate_bytes(one.body, "") for one in _messages(script, Fate.PARKED)]
    assert {next(iter(found))["outcome"] for found in outcomes} == {"case"}


def test_what_is_delivered_can_be_translated(script: Morning) -> None:
    for one in _messages(script, Fate.DELIVERED):
        assert [found["outcome"] for found in translate_bytes(one.body, "")] == ["translated"]


def test_stragglers_were_recorded_before_what_overtook_them(script: Morning) -> None:
    newest: dict[str, str] = {}
    overtaken = 0
    for one in (sent for sent in script.messages if sent.sent.fate in TAKEN):
        message = hl7v2.parse(one.sent.body)
        recorded = message.get("EVN-2")
        for subject in filter(None, (message.get("PID-3.1"), message.get("MRG-1.1"))):
            if one.sent.what in ("ADT^A08", "ADT^A31") and recorded < newest.get(subject, ""):
                overtaken += 1
                assert one.sent.fate is Fate.DELIVERED and message.get("IN1-3"), "it may name an insurer"
            newest[subject] = max(newest.get(subject, ""), recorded)
    assert overtaken >= 2


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_the_expected_accounts_follow_from_the_newest_message_about_each_patient(seed: int) -> None:
    script = morning(50, seed)
    newest: dict[str, tuple[str, hl7v2.Message]] = {}
    retired: set[str] = set()
    for sent in _messages(script, Fate.DELIVERED, Fate.FILTERED):
        message = hl7v2.parse(sent.body)
        if sent.what in _CARRIES_A_PERSON:
            found = (message.get("EVN-2"), message)
            newest[message.get("PID-3.1")] = max(
                newest.get(message.get("PID-3.1"), found), found, key=lambda one: one[0]
            )
        retired |= set(filter(None, [message.get("MRG-1.1")]))
    assert set(newest) == set(script.expected())
    for mrn, account in script.expected().items():
        assert _told(newest[mrn][1]) == _kept(account)
        assert account.active is (mrn not in retired)


def _told(message: hl7v2.Message) -> tuple[str, ...]:
    return tuple(message.get(f"PID-{path}") for path in ("5.1", "5.2", "11.1", "11.3", "11.4", "11.5", "13.1"))


def _kept(account: Account) -> tuple[str, ...]:
    person = account.person
    return (person.family, person.given, person.street, person.city, person.state, person.zip, person.phone)


def test_the_hospital_clock_runs_from_the_first_message_to_the_last(script: Morning) -> None:
    first, last = script.messages[0].sent.at, script.messages[-1].sent.at
    assert clock_at(-1, script.messages) == first
    assert clock_at(0.5, script.messages) - first == (last - first) / 2
    assert clock_at(2, script.messages) == last
    assert timedelta(hours=2) < last - first < timedelta(hours=8)
