"""Collect interface strings into the catalogue, bring the translations up to date and compile them."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "contentshop" / "translations"
TEMPLATE = FOLDER / "messages.pot"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "_l": None,
}


def collect() -> Catalog:
    """All strings of the templates and the code. Messages of the rooms' errors are found by ``refusals``."""
    catalog = Catalog(project="contentshop", copyright_holder="The contentshop authors", charset="utf-8")
    for folder, methods in (
        (ROOT / "templates", [("**.html", "jinja2"), ("**.txt", "jinja2")]),
        (ROOT / "contentshop", [("web/**.py", "python")]),
    ):
        options = {"**.html": {"trimmed": "true"}, "**.txt": {"trimmed": "true"}}
        found = extract_from_dir(folder, methods, options, keywords=KEYWORDS, comment_tags=("Translators:",))
        for name, _line, message, comments, context in found:
            place = (folder / name).relative_to(ROOT).as_posix()
            catalog.add(message, locations=[(place, 0)], auto_comments=comments, context=context)
    return catalog


def write(path: Path, catalog: Catalog) -> None:
    with path.open("wb") as file:
        write_po(file, catalog, width=110, sort_output=True, include_lineno=False, omit_header=False)


def main() -> None:
    template = collect()
    FOLDER.mkdir(exist_ok=True)
    write(TEMPLATE, template)
    for path in sorted(FOLDER.glob("*/LC_MESSAGES/messages.po")):
        with path.open("rb") as file:
            translation = read_po(file, locale=path.parent.parent.name)
        translation.update(template, no_fuzzy_matching=True)
        translation.obsolete.clear()
        write(path, translation)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, translation)
        missing = [str(message.id) for message in translation if message.id and not message.string]
        print(f"{path.parent.parent.name}: {len(translation)} strings, {len(missing)} not translated")


if __name__ == "__main__":
    main()
