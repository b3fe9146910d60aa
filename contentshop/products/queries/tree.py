"""Reads of the catalogue's tree and of what things are described by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import func, select

from contentshop.core.uow import AnySession
from contentshop.products.inputs import Property, Rules
from contentshop.products.models import AttributeDefinition, Category, Product

PATH_MARK = " > "


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category; ``level`` is 0 at the top, ``path`` its names from the top."""

    id: int
    slug: str
    name: str
    names: dict[str, str]
    parent: str
    level: int
    path: tuple[str, ...]
    position: int
    products: int
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def name_in(self, locale: str) -> str:
        """Its name in ``locale`` when it has one there."""
        return self.names.get(locale) or self.name

    def path_in(self, locale: str) -> tuple[str, ...]:
        """The names from the top in ``locale``, each as far as it has one there."""
        return self.paths.get(locale) or self.path


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """A property of things; ``category`` is a slug, empty for all things."""

    key: str
    name: str
    names: dict[str, str]
    kind: str
    unit: str
    choices: tuple[str, ...]
    category: str
    inherited: bool = False
    choice_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def name_in(self, locale: str) -> str:
        """Its name in ``locale`` when it has one there."""
        return self.names.get(locale) or self.name

    def rule(self) -> Property:
        """What values of it have to be."""
        return Property(self.name, self.kind, self.unit, self.choices)


def list_tree(session: AnySession) -> list[CategoryRow]:
    """The whole tree, each category behind the one above it. One statement; a shop has a few hundred at most."""
    filled = select(func.count()).where(Product.category_id == Category.id).correlate(Category).scalar_subquery()
    rows = session.execute(
        select(
            Category.id,
            Category.slug,
            Category.name,
            Category.translations,
            Category.parent_id,
            Category.position,
            filled.label("products"),
        ).order_by(Category.position, Category.name, Category.id)
    ).all()
    below: dict[int | None, list[int]] = {}
    for index, row in enumerate(rows):
        below.setdefault(row.parent_id, []).append(index)
    found: list[CategoryRow] = []

    languages = {language for row in rows for language in row.translations}

    def walk(parent_id: int | None, parent: str, path: tuple[str, ...], paths: Mapping[str, tuple[str, ...]]) -> None:
        for index in below.get(parent_id, ()):
            row = rows[index]
            here = (*path, row.name)
            names = {language: words["name"] for language, words in row.translations.items() if words.get("name")}
            theirs = {one: (*paths.get(one, ()), names.get(one) or row.name) for one in languages}
            level = len(path)
            found.append(
                CategoryRow(row.id, row.slug, row.name, names, parent, level, here, row.position, row.products, theirs)
            )
            walk(row.id, row.slug, here, theirs)

    walk(None, "", (), {})
    return found


def path_of(tree: Sequence[CategoryRow], category_id: int | None) -> str:
    """``Home > Kitchen``, as files write it; empty without a category."""
    return next((PATH_MARK.join(one.path) for one in tree if one.id == category_id), "")


def find_place(tree: Sequence[CategoryRow], text: str) -> int | None:
    """The category a product described by ``Home > Kitchen`` (or a single name) is in, as far as the path exists.

    A single name means the only category of that name wherever it is, as when files are taken in.
    """
    names = split_path(text)
    same = [one.id for one in tree if len(names) == 1 and one.name == names[0]]
    if len(same) == 1:
        return same[0]
    known = {one.path: one.id for one in tree}
    found = (known.get(names[:depth]) for depth in range(len(names), 0, -1))
    return next((one for one in found if one is not None), None)


def split_path(text: str) -> tuple[str, ...]:
    """``Home > Kitchen > Knives`` as its names."""
    return tuple(name for part in text.split(">") if (name := " ".join(part.split())))


def lineages(session: AnySession) -> dict[int, tuple[str, ...]]:
    """The slugs of every category and of those above it, the category's own first. One statement."""
    rows = {row.id: row for row in session.execute(select(Category.id, Category.slug, Category.parent_id))}

    def line(here: int | None) -> tuple[str, ...]:
        row = rows.get(here or 0)
        return (row.slug, *line(row.parent_id)) if row is not None else ()

    return {one: line(one) for one in rows}


def read_rules(session: AnySession) -> Rules:
    """What every category asks of its products."""
    parents = dict(session.execute(select(Category.id, Category.parent_id)).all())
    own: dict[int | None, list[Property]] = {}
    for row in session.execute(
        select(
            AttributeDefinition.category_id,
            AttributeDefinition.name,
            AttributeDefinition.kind,
            AttributeDefinition.unit,
            AttributeDefinition.choices,
        ).order_by(AttributeDefinition.position, AttributeDefinition.id)
    ):
        choices = tuple(choice["value"] for choice in row.choices)
        own.setdefault(row.category_id, []).append(Property(row.name, row.kind, row.unit, choices))
    return Rules(parents, own)


def list_attributes(session: AnySession, tree: Sequence[CategoryRow], category_id: int | None) -> list[AttributeRow]:
    """What things of a category are described by: its own and what it inherits, from the top down.

    Of two with one name the nearer is meant.
    """
    slugs = {one.id: one.slug for one in tree}
    parents = {one.slug: one.parent for one in tree}
    own = slugs.get(category_id or 0, "")
    line = [""]
    above = own
    chain: list[str] = []
    while above:
        chain.append(above)
        above = parents.get(above, "")
    line += reversed(chain)
    every = all_attributes(session, tree)
    found = {row.name.casefold(): row for slug in line for row in every if row.category == slug}
    return [replace(row, inherited=row.category != own) for row in found.values()]


def all_attributes(session: AnySession, tree: Sequence[CategoryRow]) -> list[AttributeRow]:
    """Every property, by its place in the list."""
    slugs = {one.id: one.slug for one in tree}
    rows = session.scalars(select(AttributeDefinition).order_by(AttributeDefinition.position, AttributeDefinition.id))
    return [
        AttributeRow(
            key=row.key,
            name=row.name,
            names={language: words["name"] for language, words in row.translations.items()},
            kind=row.kind,
            unit=row.unit,
            choices=tuple(choice["value"] for choice in row.choices),
            category=slugs.get(row.category_id or 0, ""),
            choice_names={choice["value"]: choice.get("names") or {} for choice in row.choices},
        )
        for row in rows
    ]
