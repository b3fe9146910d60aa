"""Collect interface strings into the catalogue, bring the translations up to date and compile them.

Translators edit ``contentshop/translations/<locale>/LC_MESSAGES/messages.po``; everything else is made by this tool.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "contentshop" / "translations"
TEMPLATE = FOLDER / "messages.pot"
LOCALES = ("zh_Hans_CN",)

KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "_l": None,
    "say": None,  # contentshop.core.words
}

# Commands speak English only, and two of them are handed a function of their own called "say".
NOT_PAGES = ("cli.py", "importing.py", "demo/", "migrations/")

HEADER: dict[str, Any] = {
    "project": "contentshop",
    "version": "0",
    "copyright_holder": "The contentshop authors",
    "msgid_bugs_address": "none",
    "last_translator": "The contentshop authors",
    "charset": "utf-8",
    "fuzzy": False,
    "header_comment": "# Interface of contentshop. Made by tools/strings.py; translators edit the .po files.\n#",
}

# One date for all, so that a catalogue changes only when its strings do.
DATE = datetime(2026, 1, 1, tzinfo=UTC)


def collect() -> Catalog:
    """Every string that pages, mails and refusals may show."""
    catalog = Catalog(creation_date=DATE, **HEADER)
    for folder, method in (
        (ROOT / "templates", [("**.html", "jinja2"), ("**.txt", "jinja2")]),
        (ROOT / "contentshop", [("**.py", "python")]),
    ):
        # Without this a template with a mistake in it would count as one without strings.
        options = {pattern: {"silent": "false"} for pattern in ("**.html", "**.txt")}
        found = extract_from_dir(folder, method, options, keywords=KEYWORDS, comment_tags=("Translators:",))
        for name, _line, message, comments, context in found:
            if folder.name == "contentshop" and name.startswith(NOT_PAGES):
                continue
            place = (folder / name).relative_to(ROOT).as_posix()
            catalog.add(message, locations=[(place, 0)], auto_comments=comments, context=context)
    return catalog


def catalogues() -> Iterator[Path]:
    """The translations, one file a locale."""
    for locale in LOCALES:
        yield FOLDER / locale / "LC_MESSAGES" / "messages.po"


def read(path: Path) -> Catalog:
    """The translations of one locale; empty when there are none yet."""
    locale = path.parent.parent.name
    if not path.is_file():
        return Catalog(locale=locale, **HEADER)
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def is_translated(message: Message) -> bool:
    """Whether every form of ``message`` has words, and nobody doubts them."""
    forms = message.string if isinstance(message.string, list | tuple) else [message.string]
    return bool(forms) and all(forms) and not message.fuzzy


def compiled(translation: Catalog) -> bytes:
    """The file gettext reads."""
    file = BytesIO()
    write_mo(file, translation)
    return file.getvalue()


def write(path: Path, catalog: Catalog) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=110, sort_output=True, include_lineno=False)


def main() -> None:
    template = collect()
    write(TEMPLATE, template)
    unfinished = False
    for path in catalogues():
        translation = read(path)
        translation.update(template, no_fuzzy_matching=True)
        translation.obsolete.clear()
        for name, value in HEADER.items():
            setattr(translation, name, value)
        translation.language_team = f"{translation.locale_identifier} <none>"
        translation.creation_date = translation.revision_date = DATE
        write(path, translation)
        path.with_suffix(".mo").write_bytes(compiled(read(path)))
        missing = [str(message.id) for message in translation if message.id and not is_translated(message)]
        unfinished = unfinished or bool(missing)
        print(f"{path.parent.parent.name}: {len(translation)} strings, {len(missing)} not translated")
        print("".join(f"  {text}\n" for text in missing), end="")
    sys.exit(1 if unfinished else 0)


if __name__ == "__main__":
    main()
