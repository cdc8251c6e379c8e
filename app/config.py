"""Changes in config.toml that leave what else stands in it, comments too, as it is."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.exceptions import TOMLKitError

from app.settings import SettingsError


def read_config(path: Path) -> TOMLDocument:
    """The file, empty where there is none. Raises SettingsError."""
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise SettingsError(f"{path} cannot be read: {error}".splitlines()[0]) from None


def write_config(path: Path, document: TOMLDocument) -> None:
    """Write the file whole or not at all, with the rights it had. Raises SettingsError."""
    file = path.resolve()  # a link to a file elsewhere stays one
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        mode = file.stat().st_mode & 0o777 if file.exists() else 0o600
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with open(handle, "w", encoding="utf-8") as out:
                out.write(tomlkit.dumps(document))
            os.chmod(name, mode)
            os.replace(name, file)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from None
