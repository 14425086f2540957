"""Statements that follow each other, and those that do not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest

from careloom.core.errors import ConfigurationError
from careloom.systems.bank.connector import Settings, StatementReception, connect
from careloom.systems.bank.continuity import GAP, KEPT
from careloom.systems.bank.fake import statement
from careloom.systems.registry import kinds, settings_for
from careloom.testing.surroundings import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def gaps(world: World) -> Callable[[], list[str]]:
    return lambda: [one.reason for (kind, _), one in sorted(world.troubles.open.items()) if kind == GAP]


async def take(world: World, *files: bytes) -> None:
    reception = StatementReception(world.around())
    for data in files:
        await reception.take(data)


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
async def test_no_gap_is_left_in_whatever_order_they_come(
    order: tuple[int, ...], world: World, gaps: Callable[[], list[str]]
) -> None:
    await take(world, *(statement(number) for number in order))
    assert not gaps()


async def test_a_missing_statement_is_one_case_until_it_comes(world: World, gaps: Callable[[], list[str]]) -> None:
    await take(world, statement(1), statement(2), statement(4))
    (reason,) = gaps()
    assert "2026-03-04" in reason
    await take(world, statement(5))
    assert len(gaps()) == 1
    await take(world, statement(3))
    assert not gaps()


async def test_the_case_names_neither_account_nor_balance(world: World) -> None:
    await take(world, statement(1), statement(3, start=Decimal("7654.32")))
    (trouble,) = world.troubles.open.values()
    said = f"{trouble.reason} {trouble.place}"
    assert "0930711860" not in said
    assert "7654" not in said
    assert not any("0930711860" in key for key in world.memory.values)


async def test_accounts_have_chains_of_their_own(world: World, gaps: Callable[[], list[str]]) -> None:
    await take(world, statement(1) + statement(1, account="10010010/1", start=Decimal("50.00")))
    await take(world, statement(2) + statement(2, account="10010010/1", start=Decimal("51.00")))
    assert not gaps()
    await take(world, statement(3, account="10010010/1", start=Decimal("51.00")))
    assert len(gaps()) == 1


async def test_a_repeat_and_a_conflict_change_nothing(world: World, gaps: Callable[[], list[str]]) -> None:
    await take(world, statement(1), statement(2), statement(2), statement(2, cents=300))
    assert not gaps()
    assert len(world.intake.messages) == 2


async def test_the_pages_of_a_statement_follow_each_other(world: World, gaps: Callable[[], list[str]]) -> None:
    page = b":20:A\n:25:1\n:28C:7/%d\n:60%s:C260302EUR%s\n:61:260302C1,00NTRFX\n:62%s:C260302EUR%s\n-\n"
    pages = [page % (n, b"M", b"%d,00" % n, b"M", b"%d,00" % (n + 1)) for n in range(1, 12)]
    await take(world, b"".join(pages))
    assert not gaps()
    await take(world, b"".join(pages[:3]))
    assert not gaps()


async def test_statements_without_balances_have_no_chain(world: World) -> None:
    samples = Path(__file__).resolve().parents[2] / "samples" / "bank"
    await take(world, (samples / "statement_ofx1.ofx").read_bytes())
    assert not world.memory.values
    assert len(world.intake.messages) == 1


async def test_only_so_many_are_remembered(world: World, gaps: Callable[[], list[str]]) -> None:
    await take(world, *(statement(number) for number in range(1, KEPT + 20)))
    assert not gaps()
    (kept,) = world.memory.values.values()
    assert kept.count(b"opening") == KEPT


async def test_a_file_is_taken_and_a_cut_one_put_aside(world: World, tmp_path: Path) -> None:
    connection = connect(Settings(path=tmp_path, stable_seconds=0), world.around())
    (tmp_path / "a.sta").write_bytes((kinds()["bank"].folder / "fixtures" / "two_days.sta").read_bytes())
    (tmp_path / "b.bai").write_bytes(
        b"01,EXAMPLEBK,HOSPITAL,260303,0600,1,,,2/\n02,HOSPITAL,EXAMPLEBK,1,260302,,USD,2/\n"
    )
    await connection.poll()
    assert len(world.intake.messages) == 2
    assert [path.name[-5:] for path in (tmp_path / "archive").iterdir()] == ["a.sta"]
    assert [path.name[-5:] for path in (tmp_path / "rejected").iterdir()] == ["b.bai"]
    assert {kind for kind, _ in world.troubles.open} == {"file-refused"}


def test_no_other_format_is_taken() -> None:
    with pytest.raises(ConfigurationError, match=r"systems\.bank\.format"):
        settings_for("bank", {"path": "in", "format": "x12"})
