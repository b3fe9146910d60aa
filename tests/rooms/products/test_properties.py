"""What categories ask of their products, read by kind; forms, files and descriptions agree."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.errors import Invalid
from contentshop.products import actions, queries
from contentshop.products.inputs import AttributeInput, CategoryInput, ProductInput, Property, Rules
from contentshop.products.models import Product
from tests.rooms.products.test_exchange import take

Unit = Callable[[], AbstractContextManager[None]]

WEIGHT = Property("Weight", "number", "g")
COLOUR = Property("Colour", "choice", choices=("Red", "Blue"))


@pytest.mark.parametrize(
    ("rule", "typed", "kept"),
    [
        (WEIGHT, "250", "250 g"),
        (WEIGHT, "250g", "250 g"),
        (WEIGHT, "+2.50 G", "2.50 g"),
        (WEIGHT, "-1", "-1 g"),
        (WEIGHT, "２５０ｇ", "250 g"),
        (Property("Layers", "number"), "7", "7"),
        (COLOUR, "RED", "Red"),
        (Property("Folds", "flag"), "true", "Yes"),
        (Property("Folds", "flag"), "否", "No"),
        (Property("Feel", "text"), "2 kg, red", "2 kg, red"),
    ],
)
def test_values_are_read_by_kind(rule: Property, typed: str, kept: str) -> None:
    assert rule.read(typed) == kept
    assert rule.read(kept) == kept


@pytest.mark.parametrize(
    ("rule", "typed", "words"),
    [
        (WEIGHT, "2 kg", "“2 kg” is not a number of g. Write it like 2.5."),
        (WEIGHT, "1,5", "“1,5” is not a number of g. Write it like 2.5."),
        (WEIGHT, "1e9", "“1e9” is not a number of g. Write it like 2.5."),
        (Property("Layers", "number"), "many", "“many” is not a number. Write it like 2.5."),
        (COLOUR, "Green", "“Green” is not one of Red, Blue."),
        (Property("Folds", "flag"), "sometimes", "Write yes or no."),
    ],
)
def test_wrong_values_are_refused_with_a_reason(rule: Property, typed: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        rule.read(typed)
    assert refused.value.fields == {rule.name: [words]}


def test_a_field_shows_a_number_without_its_unit() -> None:
    assert (WEIGHT.bare("250 g"), WEIGHT.bare("about 250 g"), WEIGHT.bare("2 kg")) == ("250", "about 250 g", "2 kg")
    assert COLOUR.bare("Red") == "Red"


def test_the_nearest_of_two_rules_wins_and_free_names_stay_free() -> None:
    near = Property("weight", "text")
    rules = Rules({1: None, 2: 1}, {None: (COLOUR,), 1: (WEIGHT,), 2: (near,)})
    assert rules.of(2) == {"colour": COLOUR, "weight": near}
    assert rules.of(1) == {"colour": COLOUR, "weight": WEIGHT}
    assert rules.of(None) == {"colour": COLOUR}
    said = [("WEIGHT", "2"), ("colour", "blue"), ("Made of", "wood")]
    assert rules.check(said, 1) == (("Weight", "2 g"), ("Colour", "Blue"), ("Made of", "wood"))
    wrong = [("Weight", "heavy"), ("Colour", "Green"), ("Colour", "Pink")]
    with pytest.raises(Invalid) as refused:
        rules.check(wrong, 1)
    assert {name: len(texts) for name, texts in refused.value.fields.items()} == {"attrs.Weight": 1, "attrs.Colour": 2}
    assert rules.check(wrong, 1, kept=wrong) == tuple(wrong)


@pytest.fixture
def lamps(session: Session, unit: Unit, clock: FixedClock) -> None:
    """Home > Lamps, which asks for a power in W, a socket, and has a colour from Home."""
    with unit():
        actions.save_category(session, CategoryInput("Home", "home"), now=clock.now())
        actions.save_category(session, CategoryInput("Lamps", "lamps", parent="home"), now=clock.now())
        actions.save_attribute(
            session, AttributeInput("Colour", "choice", choices=("Red", "Blue"), category="home"), now=clock.now()
        )
        actions.save_attribute(session, AttributeInput("Power", "number", "W", category="lamps"), now=clock.now())


def described(session: Session, unit: Unit, clock: FixedClock, **said: Any) -> list[list[str]]:
    row = ProductInput.parse({"slug": "lamp", "title": "Lamp", "offers": []} | said)
    with unit():
        actions.upsert_product(session, row, now=clock.now())
    return session.scalars(select(Product.attrs)).one()


@pytest.mark.usefixtures("lamps")
def test_descriptions_are_held_to_it(session: Session, unit: Unit, clock: FixedClock) -> None:
    with pytest.raises(Invalid) as refused:
        described(session, unit, clock, category="Lamps", attrs="Power: strong; colour: Green; Maker: me")
    assert sorted(refused.value.fields) == ["attrs.Colour", "attrs.Power"]
    assert session.scalars(select(Product)).all() == []
    said = described(session, unit, clock, category="Lamps", attrs="power: 20; colour: red; Maker: me")
    assert said == [["Power", "20 W"], ["Colour", "Red"], ["Maker", "me"]]
    # Only where it is asked for.
    assert described(session, unit, clock, category="Tools", attrs="Power: strong") == [["Power", "strong"]]
    with pytest.raises(Invalid):
        described(session, unit, clock, category="Home > Lamps", attrs="Power: strong")


@pytest.mark.usefixtures("lamps")
def test_what_was_said_before_it_was_asked_for_stays(session: Session, unit: Unit, clock: FixedClock) -> None:
    described(session, unit, clock, category="Lamps", attrs="Height: tall")
    with unit():
        actions.save_attribute(session, AttributeInput("Height", "number", "cm", category="home"), now=clock.now())
    said = described(session, unit, clock, attrs="Height: tall; Power: 5W")
    assert said == [["Height", "tall"], ["Power", "5 W"]]
    with pytest.raises(Invalid):
        described(session, unit, clock, attrs="Height: small")


@pytest.mark.usefixtures("lamps")
def test_our_own_file_comes_back_unchanged_and_is_held_to_it(
    session: Session, unit: Unit, clock: FixedClock, tmp_path: Path
) -> None:
    described(session, unit, clock, category="Lamps", attrs="power: 20; colour: red; Maker: me")
    file = tmp_path / "out.csv"
    file.write_text("".join(queries.export_products(session)), "utf-8")
    run, errors = take(session, unit, clock, file)
    assert ((run.added, run.updated, run.unchanged), errors) == ((0, 0, 1), [])
    file.write_text(file.read_text("utf-8").replace("20 W", "20 hp"), "utf-8")
    _run, errors = take(session, unit, clock, file)
    assert [(one.line, one.message) for one in errors] == [
        (2, "attrs.Power: “20 hp” is not a number of W. Write it like 2.5.")
    ]


@pytest.mark.usefixtures("lamps")
def test_places_are_found_as_descriptions_name_them(session: Session, unit: Unit, clock: FixedClock) -> None:
    with unit():
        actions.save_category(session, CategoryInput("Knives", "knives"), now=clock.now())
        actions.save_category(session, CategoryInput("Knives", "camp-knives", parent="home"), now=clock.now())
    tree = queries.list_tree(session)
    slugs = {one.id: one.slug for one in tree} | {None: ""}

    def place(text: str) -> str:
        return slugs[queries.find_place(tree, text)]

    assert [place(one) for one in ("Lamps", " Home >  Lamps ", "Home > Lamps > Floor", "Knives", "Home > Knives")] == [
        "lamps",
        "lamps",
        "lamps",
        "knives",
        "camp-knives",
    ]
    assert (place("Boats"), place("")) == ("", "")
