"""Names of things in the languages of their readers: one that stands for all, and others by language.

Rows keep ``name`` and ``translations`` (``{"zh": {"name": …}}``). Forms ask for an English and a Chinese name; when one
of them is empty, the other is shown to everybody, so ``name`` repeats the Chinese one where there is no English.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, func

Translations = Mapping[str, Any]


def name_in(name: str, translations: Translations | None, locale: str) -> str:
    """The name in ``locale`` if there is one, else the one that stands for all."""
    return str(((translations or {}).get(locale) or {}).get("name") or name)


def named(model: Any, locale: str) -> ColumnElement[str]:
    """SQL for ``name_in`` of a table with ``name`` and ``translations``."""
    translated = model.translations[(locale, "name")].as_string()
    return func.coalesce(func.nullif(translated, ""), model.name)


def two_names(english: str, chinese: str) -> tuple[str, dict[str, str]]:
    """What two fields of a form say: the name that stands for all, and those by language."""
    return english or chinese, {"zh": chinese} if chinese else {}


def look_up_order(name: str) -> tuple[bool, bytes]:
    """For sorting names as people look them up: Latin ones without regard to accents, Chinese ones by their sound.

    The common characters of GB 2312 are numbered by their reading in pinyin, and GB 18030 keeps these numbers.
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return not letters[:1].isascii(), letters.encode("gb18030")


def name_fields(name: str, names: Mapping[str, str]) -> dict[str, str]:
    """The two fields of a form again, as ``two_names`` read them."""
    chinese = names.get("zh", "")
    return {"name": "" if name == chinese else name, "name_zh": chinese}
