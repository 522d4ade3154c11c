from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.runtime.secrets import (
    LONGEST_DELAY,
    Secrets,
    SecretsWatch,
)
from tests.fakes.mount import SWAPPING, Mount, Swapped


@pytest.fixture
def mount(tmp_path: Path) -> Mount:
    return Mount(tmp_path / "kafka")


def test_a_changed_secret_is_stale_after_the_delay(mount: Mount) -> None:
    mount.hold(sasl_password="one")
    secrets = Secrets([mount.folder], delay=10)
    told = [secrets.stale(now) for now in (0, 100)]
    mount.hold(sasl_password="two")
    told += [secrets.stale(now) for now in (200, 209.9, 210, 211)]
    assert told == [False, False, False, False, True, True]


def test_a_secret_that_is_as_it_was_is_none_that_changed(mount: Mount) -> None:
    mount.hold(sasl_password="one")
    secrets = Secrets([mount.folder], delay=10)
    mount.hold(sasl_password="two")
    told = [secrets.stale(0)]
    mount.hold(sasl_password="one")
    told.append(secrets.stale(20))
    mount.hold(sasl_password="two")
    told += [secrets.stale(now) for now in (30, 39, 40)]
    assert told == [False, False, False, False, True]


def test_a_file_that_vanishes_as_it_is_read_is_looked_at_again(mount: Mount) -> None:
    mount.hold(sasl_password="one")
    secrets = Secrets([Swapped(mount.folder)], delay=10)
    mount.hold(sasl_password="two")
    told = [secrets.stale(0)]
    (mount.folder / SWAPPING).touch()
    told.append(secrets.stale(20))
    (mount.folder / SWAPPING).unlink()
    told.append(secrets.stale(22))
    assert told == [False, False, True]


def test_a_key_that_comes_or_goes_is_a_change(mount: Mount) -> None:
    mount.hold(sasl_username="u")
    secrets = Secrets([mount.folder], delay=0)
    mount.hold(sasl_username="u", sasl_password="p")
    came = secrets.stale(0)
    secrets = Secrets([mount.folder], delay=0)
    mount.hold(sasl_password="p")
    assert (came, secrets.stale(0)) == (True, True)


def test_a_folder_that_is_mounted_later_is_a_change(tmp_path: Path) -> None:
    secrets = Secrets([tmp_path / "kafka", tmp_path / "s3"], delay=0)
    before = secrets.stale(0)
    Mount(tmp_path / "s3").hold(AWS="key")
    assert (before, secrets.stale(1)) == (False, True)


def test_what_one_key_loses_and_the_next_one_wins_is_a_change(mount: Mount) -> None:
    mount.hold(a="xy", b="z")
    secrets = Secrets([mount.folder], delay=0)
    mount.hold(a="x", b="yz")
    assert secrets.stale(0)


@given(st.floats(0, 1e6))
def test_no_process_waits_longer_than_the_longest_delay(
    tmp_path_factory: pytest.TempPathFactory, now: float
) -> None:
    mount = Mount(tmp_path_factory.mktemp("mount") / "kafka")
    mount.hold(sasl_password="one")
    secrets = Secrets([mount.folder])
    mount.hold(sasl_password="two")
    secrets.stale(now)
    assert secrets.stale(now + LONGEST_DELAY + 1)


def test_a_secret_that_changed_ends_the_loop_at_a_later_look(tmp_path: Path) -> None:
    mount, stop = Mount(tmp_path / "kafka"), Event()
    mount.put({"sasl.password": "one"})
    watch = SecretsWatch(Secrets([mount.folder], delay=0.0), stop, now=0.0)
    mount.put({"sasl.password": "two"})
    ended = []
    for now in (1.0, 5.5):
        watch.look(now)
        ended.append(stop.is_set())
    assert ended == [False, True]
