from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tools.store import Store, StoreError


def test_makes_its_folder_and_keeps_what_was_written(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    with Store.open(folder) as store:
        store.write("INSERT INTO places (name, address) VALUES (?, ?)", "gym", "Park Road")
    with Store.open(folder) as store:
        row = store.row("SELECT * FROM places")
        assert row is not None and row["address"] == "Park Road"
        assert store.rows("PRAGMA journal_mode")[0][0] == "wal"
        assert store.rows("PRAGMA foreign_keys")[0][0] == 1


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        with pytest.raises(ZeroDivisionError), store.transaction():
            store.write("INSERT INTO places (name, address) VALUES ('a', 'b')")
            raise ZeroDivisionError
        assert not store.rows("SELECT * FROM places")
        with store.transaction():
            store.write("INSERT INTO places (name, address) VALUES ('a', 'b')")
            with pytest.raises(RuntimeError), store.transaction():
                pass
        assert len(store.rows("SELECT * FROM places")) == 1


def test_a_second_process_is_told_who_has_the_store(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom tools.store import Store, StoreError\n"
        "try: Store.open(Path(sys.argv[1]))\n"
        "except StoreError as error: print(error)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with Store.open(tmp_path):
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told == f"another Headstart is using {tmp_path}; close it or pass --data another/folder\n"
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""


def test_the_same_process_cannot_open_it_twice_either(tmp_path: Path) -> None:
    with Store.open(tmp_path), pytest.raises(StoreError, match="another Headstart"):
        Store.open(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot write to .* \(Not a directory\); pass --data"):
        Store.open(tmp_path / "file" / "data")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match=r"cannot write to .*; pass --data"):
        Store.open(tmp_path)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite3").write_text("my dear diary " * 1000)
    for _ in range(2):  # a failed opening leaves nothing locked
        with pytest.raises(StoreError, match="damaged or no Headstart store") as caught:
            Store.open(tmp_path)
        assert "\n" not in str(caught.value)


def test_a_damaged_database(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        for number in range(500):
            store.write("INSERT INTO places (name, address) VALUES (?, ?)", f"place {number}", "x" * 200)
    path = tmp_path / "store.sqlite3"
    content = bytearray(path.read_bytes())
    content[4096 * 3 :] = b"\xff" * (len(content) - 4096 * 3)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        Store.open(tmp_path)


def test_somebody_elses_database(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "store.sqlite3")
    other.execute("CREATE TABLE songs (name)")
    other.close()
    with pytest.raises(StoreError, match="not a Headstart store"):
        Store.open(tmp_path)


@pytest.mark.parametrize(
    ("version", "told"),
    [(1, "from an older Headstart; move it away or"), (99, "from a newer Headstart; update Headstart or")],
)
def test_the_store_of_another_version(tmp_path: Path, version: int, told: str) -> None:
    Store.open(tmp_path).close()
    path = tmp_path / "store.sqlite3"
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {version}")
    other.close()
    with pytest.raises(StoreError) as caught:
        Store.open(tmp_path)
    assert str(caught.value) == f"{path} is {told} pass --data another/folder"


def test_the_id_of_a_deleted_row_is_never_given_again() -> None:
    with Store.memory() as store:
        insert = "INSERT INTO reminders (title, created) VALUES ('x', '')"
        first = store.write(insert)
        store.write("DELETE FROM reminders")
        assert store.write(insert) != first


def test_a_write_that_fails_says_so_in_one_sentence(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.write("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="^I cannot write to the data folder: .*[.]$"):
            store.write("INSERT INTO places (name, address) VALUES ('a', 'b')")
