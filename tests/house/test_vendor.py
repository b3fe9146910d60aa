"""Libraries from elsewhere are exactly what was fetched, with their licence; no page asks another host."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tools import vendor

ROOT = Path(__file__).parent.parent.parent
STATIC = ROOT / "contentshop" / "static"
FOLDERS = sorted(path for path in vendor.VENDOR.iterdir() if path.is_dir())

# Names of vocabularies, which nobody fetches.
NAMES = ("http://www.w3.org/", "https://schema.org", "http://www.sitemaps.org/", "http://purl.org/")
LOADED = re.compile(
    r"""(?:(?:src|srcset|poster|data|action)=["']|<link\b[^>]*\bhref=["']|url\(["']?|@import\s+["']|import\(?\s*["']|"""
    r"""(?:fetch|importScripts|Worker|EventSource|WebSocket)\(["'`])((?:https?:|wss?:)?//[^"'`)\s]+)"""
)


def test_there_is_a_folder_for_each_library_and_no_other() -> None:
    assert [path.name for path in FOLDERS] == sorted(library.folder for library in vendor.LIBRARIES)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_files_are_what_was_fetched(folder: Path) -> None:
    assert vendor.problems(folder) == []


@pytest.mark.parametrize("library", vendor.LIBRARIES, ids=lambda library: library.name)
def test_the_description_says_what_the_tool_says(library: vendor.Library) -> None:
    about = json.loads((vendor.VENDOR / library.folder / "vendor.json").read_text("utf-8"))
    assert about["name"] == library.name
    assert about["version"] == library.version
    assert about["licence"] == library.licence == "MIT"
    assert about["integrity"] == library.integrity
    assert set(about["files"]) == {Path(path).name for path in library.files}
    assert all(re.fullmatch(r"sha384-[\w+/]{64}", given) for given in about["files"].values())


def test_a_changed_file_a_missing_licence_and_a_stray_file_are_seen(tmp_path: Path) -> None:
    copy = tmp_path / FOLDERS[0].name
    shutil.copytree(FOLDERS[0], copy)
    name = next(iter(json.loads((copy / "vendor.json").read_text("utf-8"))["files"]))
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    (copy / "LICENSE").unlink()
    (copy / "more.js").write_text("1")
    assert vendor.problems(copy) == [
        f"{copy.name}: no licence",
        f"{copy.name}: more.js is only in one of folder and vendor.json",
        f"{copy.name}: {name} was changed",
    ]


def test_no_template_script_or_style_asks_another_host() -> None:
    ours = [*(ROOT / "templates").rglob("*.html"), *STATIC.rglob("*.js"), *STATIC.rglob("*.css")]
    found = {}
    for path in ours:
        if "email" in path.parts or vendor.VENDOR in path.parents:
            continue  # a mail names the site by its whole address; libraries are watched in the browser
        for address in LOADED.findall(path.read_text("utf-8")):
            if not address.startswith(NAMES):
                found[str(path.relative_to(ROOT))] = address
    assert found == {}
