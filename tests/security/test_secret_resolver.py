"""Secrets are read by reference when they are used, and no error repeats one."""

from __future__ import annotations

from pathlib import Path

import pytest

from careloom.core.errors import ConfigurationError
from careloom.security.secrets import resolver


def test_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_KEY", "swordfish")
    assert resolver(tmp_path)("env:ODOO_KEY") == "swordfish"


def test_a_rotated_secret_needs_no_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = resolver(tmp_path)
    (tmp_path / "key").write_text("old\n")
    assert resolve("file:key") == "old"
    (tmp_path / "key").write_text("new\n")
    assert resolve("file:key") == "new"


def test_an_absolute_path_is_not_below_the_base(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("swordfish")
    assert resolver(tmp_path / "elsewhere")(f"file:{tmp_path / 'key'}") == "swordfish"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env:NOT_SET_ANYWHERE", "export NOT_SET_ANYWHERE"),
        ("file:absent", "FileNotFoundError"),
        ("file:empty", "is empty"),
        ("file:binary", "UnicodeDecodeError"),
        ("swordfish", "starts with env: or file:"),
    ],
)
def test_what_is_missing_is_named_and_no_value_is(tmp_path: Path, reference: str, words: str) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "binary").write_bytes(b"swordfish\xff")
    with pytest.raises(ConfigurationError, match=words) as refused:
        resolver(tmp_path)(reference)
    assert "swordfish" not in str(refused.value)
