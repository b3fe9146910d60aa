"""The tree of the catalogue, and what things in it are described by."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, func, or_, select, update

from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.ids import new_key, slugify
from contentshop.core.outbox import record_all
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.actions.changes import assign, names_as_translations
from contentshop.products.events import ProductChanged
from contentshop.products.inputs import AttributeInput, CategoryInput, ProductInput, Rules
from contentshop.products.models import AttributeDefinition, Category, Product
from contentshop.products.queries.tree import split_path

MOST_LEVELS = 6


def plant(session: AnySession, rows: Iterable[ProductInput], *, now: datetime) -> dict[str, Category]:
    """The category of each path in ``rows`` (``Home > Kitchen``, or a single name), made as far as it does not exist.

    A single name means the only category of that name wherever it is; else the one at the top. A category that has no
    name in a language yet takes the one that a product is said to stand under there.
    """
    named: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.category:
            said = ((language, _leaf(words).get("category", "")) for language, words in row.translations.items())
            named.setdefault(row.category, {}).update({language: name for language, name in said if name})
    if not named:
        return {}
    known = list(session.scalars(select(Category).order_by(Category.id)))
    taken = {one.slug for one in known}
    found: dict[str, Category] = {}
    for path in sorted(named):
        names = split_path(path)
        same = [one for one in known if len(names) == 1 and one.name == names[0]]
        if len(same) == 1:
            found[path] = _learn(same[0], named[path])
            continue
        parent: Category | None = None
        for name in names:
            above = parent.id if parent else None
            here = next((one for one in known if one.parent_id == above and one.name == name), None)
            if here is None:
                here = Category(
                    slug=_free_slug(name, taken), name=name[:120], parent_id=above, position=0, created_at=now
                )
                session.add(here)
                session.flush()
                known.append(here)
            parent = here
        if parent is not None:
            found[path] = _learn(parent, named[path])
    return found


def _learn(category: Category, names: Mapping[str, str]) -> Category:
    new = {language: {"name": name[:120]} for language, name in names.items() if name != category.name}
    lacking = {language: words for language, words in new.items() if language not in category.translations}
    if lacking:
        category.translations = {**category.translations, **lacking}
    return category


def in_tree(values: dict[str, Any], row: ProductInput, categories: Mapping[str, Category]) -> dict[str, Any]:
    """What a description says of a product, with its category as the tree has it."""
    if "category" not in row.given:
        return values
    found = categories.get(row.category)
    values |= {"category": found.name if found else "", "category_id": found.id if found else None}
    if "translations" in values:
        values["translations"] = {language: _leaf(words) for language, words in values["translations"].items()}
    return values


def with_read_attrs(
    row: ProductInput, product: Product | None, category: Category | None, rules: Rules
) -> ProductInput:
    """A description with its properties as its ``category`` keeps them; one that names none leaves it as it is.

    What ``product`` says already is not looked at again while it stays where it is. Raises Invalid.
    """
    if "attrs" not in row.given:
        return row
    before = product.category_id if product else None
    place = before if "category" not in row.given else category.id if category else None
    said = [(name, text) for name, text in product.attrs] if product is not None and place == before else []
    return replace(row, attrs=rules.check(row.attrs, place, kept=said))


def _leaf(words: dict[str, Any]) -> dict[str, Any]:
    names = split_path(words.get("category", ""))
    return words | {"category": names[-1]} if names else words


def save_category(session: AnySession, form: CategoryInput, *, slug: str | None = None, now: datetime) -> Category:
    """Add a category, or rename and move one (``slug``). Its products' words follow.

    Raises Invalid (``slug``, ``parent``), NotFound.
    """
    category = _get_category(session, slug) if slug else None
    parent = _parent(session, form, category)
    if category is None:
        if session.scalar(select(Category.id).where(Category.slug == form.slug)) is not None:
            raise Invalid({"slug": [say("“%(slug)s” is taken; choose another.", slug=form.slug)]})
        category = Category(slug=form.slug, created_at=now)
        session.add(category)
    renamed = assign(category, {"name": form.name, "translations": names_as_translations(form.names)})
    assign(category, {"parent_id": parent.id if parent else None, "position": form.position})
    session.flush()
    if renamed and slug:
        _rename_products(session, category, now)
    return category


def remove_category(session: AnySession, slug: str) -> None:
    """Take an empty category out of the tree. Raises NotFound, Conflict while it has categories or products."""
    category = _get_category(session, slug)
    below = session.scalar(select(func.count()).select_from(Category).where(Category.parent_id == category.id))
    filled = session.scalar(select(func.count()).select_from(Product).where(Product.category_id == category.id))
    if below or filled:
        raise Conflict(say("Only a category without products and without categories below it can be removed."))
    session.delete(category)
    session.flush()


def save_attribute(
    session: AnySession, form: AttributeInput, *, key: str | None = None, now: datetime
) -> AttributeDefinition:
    """Add a property or change one; what products say of it stays. Raises Invalid (``name``), NotFound."""
    category = _get_category(session, form.category) if form.category else None
    found = _get_attribute(session, key) if key else None
    category_id = category.id if category else None
    twin = select(AttributeDefinition.key).where(
        AttributeDefinition.name == form.name, AttributeDefinition.category_id.is_not_distinct_from(category_id)
    )
    if (other := session.scalar(twin)) is not None and other != key:
        raise Invalid({"name": [say("This category has a property “%(name)s” already.", name=form.name)]})
    before = found.name if found else ""
    if found is None:
        found = AttributeDefinition(key=new_key())
        session.add(found)
    values = {
        "category_id": category_id,
        "name": form.name,
        "translations": names_as_translations(form.names),
        "kind": form.kind,
        "unit": form.unit,
        "choices": [{"value": value, "names": form.choice_names.get(value, {})} for value in form.choices],
    }
    if assign(found, values):
        _tell_products(session, {name.casefold() for name in (before, form.name) if name}, now)
    session.flush()
    return found


def _tell_products(session: AnySession, names: Collection[str], now: datetime) -> None:
    """Pages of products that say something under one of ``names`` read differently now."""
    # The text of the column narrows them down; what it says is read below.
    written = [cast(Product.attrs, String).icontains(json.dumps(name)[1:-1], autoescape=True) for name in names]
    rows = session.execute(select(Product.id, Product.key, Product.attrs).where(or_(*written))).all()
    told = [row for row in rows if any(name.casefold() in names for name, _value in row.attrs)]
    ids = [row.id for row in told]
    session.execute(update(Product).where(Product.id.in_(ids)).values(version=Product.version + 1, updated_at=now))
    record_all(session, [ProductChanged(product=row.key) for row in told], now=now)


def remove_attribute(session: AnySession, key: str) -> None:
    """Stop asking for a property. What products say of it stays. Raises NotFound."""
    session.delete(_get_attribute(session, key))
    session.flush()


def _free_slug(name: str, taken: set[str]) -> str:
    base = slugify(name)[:90] or "category"
    slug, number = base, 2
    while slug in taken or slug == "new":
        slug, number = f"{base}-{number}", number + 1
    taken.add(slug)
    return slug


def _get_category(session: AnySession, slug: str) -> Category:
    found = session.scalar(select(Category).where(Category.slug == slug).with_for_update())
    if found is None:
        raise NotFound(say("There is no such category."))
    return found


def _get_attribute(session: AnySession, key: str) -> AttributeDefinition:
    found = session.scalar(select(AttributeDefinition).where(AttributeDefinition.key == key))
    if found is None:
        raise NotFound(say("There is no such property."))
    return found


def _parent(session: AnySession, form: CategoryInput, category: Category | None) -> Category | None:
    """The category above, which is not the category itself nor below it. Raises Invalid."""
    if not form.parent:
        return None
    parents = {one.id: one for one in session.scalars(select(Category).order_by(Category.id))}
    parent = next((one for one in parents.values() if one.slug == form.parent), None)
    if parent is None:
        raise Invalid({"parent": [say("There is no such category.")]})
    above: Category | None = parent
    levels = 1
    while above is not None:
        if category is not None and above.id == category.id:
            raise Invalid({"parent": [say("A category cannot be below itself.")]})
        levels += 1
        above = parents.get(above.parent_id or 0)
    if levels > MOST_LEVELS:
        raise Invalid({"parent": [say("Use at most %(limit)s levels.", limit=MOST_LEVELS)]})
    return parent


def _rename_products(session: AnySession, category: Category, now: datetime) -> None:
    """Cards and search name categories by the word each product keeps."""
    keys = session.execute(
        update(Product)
        .where(Product.category_id == category.id)
        .values(category=category.name, version=Product.version + 1, updated_at=now)
        .returning(Product.id, Product.key)
    ).all()
    for product in session.scalars(select(Product).where(Product.id.in_([row.id for row in keys]))):
        product.translations = translated_to(product, category)
    record_all(session, [ProductChanged(product=row.key) for row in keys], now=now)
    session.flush()


def translated_to(product: Product, category: Category | None) -> dict[str, Any]:
    """A product's translations with the names of its category."""
    names = {language: words["name"] for language, words in category.translations.items()} if category else {}
    found = {language: dict(words) for language, words in product.translations.items()}
    for language, words in found.items():
        words.pop("category", None)
        if language in names:
            words["category"] = names[language]
    return found
