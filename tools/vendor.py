#!/usr/bin/env python3
"""Fetch the browser libraries that are kept in the repository, so that running needs neither npm nor a build.

    .venv/bin/python tools/vendor.py            all of them, as LIBRARIES below says
    .venv/bin/python tools/vendor.py --check    only recompute the hashes of what is here

``npm pack`` brings each package from the registry that npm is set up for; its hash must be the one written down
here. Only the files that pages load are unpacked, with the licence, and described in ``vendor.json`` beside them.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).parent.parent / "contentshop" / "static" / "vendor"


@dataclass(frozen=True, slots=True)
class Library:
    """One package. ``integrity`` is npm's hash of the whole package; ``files`` are the paths inside it to keep."""

    name: str
    version: str
    licence: str
    integrity: str
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return f"{self.name}-{self.version}"


LIBRARIES = (
    Library(
        "easymde",
        "2.21.0",
        "MIT",
        "sha512-5uE7I/DEN8gvGRwxaqAv7h1PMEK2ykNXVX5zL0dK3nCYROGja3AMbdQz8eCEELnfvCfy7tRkTmLuvyJG8uSWjQ==",
        ("dist/easymde.min.js", "dist/easymde.min.css"),
    ),
    Library(
        "sortablejs",
        "1.15.7",
        "MIT",
        "sha512-Kk8wLQPlS+yi1ZEf48a4+fzHa4yxjC30M/Sr2AnQu+f/MPwvvX9XjZ6OWejiz8crBsLwSq8GHqaxaET7u6ux0A==",
        ("Sortable.min.js",),
    ),
)


class Refused(Exception):
    """A package or a file is not what is written down."""


def digest(data: bytes, algorithm: str) -> str:
    """The hash of ``data`` as browsers and npm write it: ``sha384-…`` in base 64."""
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def fetch(library: Library, folder: Path) -> Path:
    """The package as npm packs it, in ``folder``. Raises Refused when its hash is another."""
    subprocess.run(
        ["npm", "pack", f"{library.name}@{library.version}", "--silent", "--pack-destination", str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    package = folder / f"{library.folder}.tgz"
    found = digest(package.read_bytes(), "sha512")
    if found != library.integrity:
        raise Refused(f"{library.name} {library.version}: the registry's package has the hash {found}")
    return package


def unpack(library: Library, package: Path) -> None:
    """Keep the files of ``library`` and its licence, and describe them."""
    folder = VENDOR / library.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tarfile.open(package) as archive:
        for path in (*library.files, "LICENSE"):
            member = archive.extractfile(f"package/{path}")
            if member is None:
                raise Refused(f"{library.name} {library.version} has no {path}")
            (folder / Path(path).name).write_bytes(member.read())
    about = {
        "name": library.name,
        "version": library.version,
        "licence": library.licence,
        "integrity": library.integrity,
        "files": {Path(path).name: digest((folder / Path(path).name).read_bytes(), "sha384") for path in library.files},
    }
    (folder / "vendor.json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")


def problems(folder: Path) -> list[str]:
    """What is not as ``vendor.json`` in ``folder`` says."""
    if not (folder / "vendor.json").is_file():
        return [f"{folder.name}: no vendor.json"]
    about: dict[str, Any] = json.loads((folder / "vendor.json").read_text("utf-8"))
    found = []
    if folder.name != f"{about['name']}-{about['version']}":
        found.append(f"{folder.name}: vendor.json is of {about['name']} {about['version']}")
    if not (folder / "LICENSE").is_file() or not (folder / "LICENSE").read_text("utf-8").strip():
        found.append(f"{folder.name}: no licence")
    here = {path.name for path in folder.iterdir()} - {"vendor.json", "LICENSE"}
    found += [
        f"{folder.name}: {name} is only in one of folder and vendor.json" for name in sorted(here ^ set(about["files"]))
    ]
    found += [
        f"{folder.name}: {name} was changed"
        for name in sorted(here & set(about["files"]))
        if digest((folder / name).read_bytes(), "sha384") != about["files"][name]
    ]
    return found


def main() -> int:
    """Fetch, or only check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only recompute the hashes of what is here")
    if not parser.parse_args().check:
        for library in LIBRARIES:
            with tempfile.TemporaryDirectory() as folder:
                unpack(library, fetch(library, Path(folder)))
            print(f"{library.folder}: {', '.join(Path(path).name for path in library.files)}")
    told = [line for library in LIBRARIES for line in problems(VENDOR / library.folder)]
    print("\n".join(told) or "Everything is as written down.")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
