"""What every search engine must do, whatever it is made of.

Subclass ``SearchBackendContract`` in a test module and give it a ``backend`` fixture: an engine that was just
created and ensured, with nothing in it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from contentshop.search.highlight import highlight_title
from contentshop.search.port import (
    KINDS,
    BadQuery,
    Delete,
    Document,
    SearchBackend,
    SearchPage,
    SearchQuery,
    Upsert,
)

DAY = 86400
TODAY = 20_000 * DAY  # any day will do


def doc(key: str, title: str, **more: Any) -> Document:
    """A document; its kind comes from the key, its version is 1 unless told."""
    more.setdefault("version", 1)
    return Document(id=key, kind=more.pop("kind", key.partition(":")[0]), title=title, **more)


def put(backend: SearchBackend, *documents: Document) -> None:
    """Add or replace documents."""
    backend.apply([Upsert(document) for document in documents])


def page(backend: SearchBackend, text: str = "", **more: Any) -> SearchPage:
    """Ask."""
    return backend.search(SearchQuery(text, **more))


def ids(backend: SearchBackend, text: str = "", **more: Any) -> list[str]:
    """The ids of the hits, in order."""
    return [hit.id for hit in page(backend, text, **more).hits]


SHOP = (
    doc(
        "product:xm5",
        "Sony WH-1000XM5 wireless headphones",
        lang="en",
        brand="Sony",
        codes=("WH1000XM5/B", "4548736132566"),
        topics=("audio",),
        price_minor={"USD": 39900, "CNY": 249900},
        in_stock=True,
        published=TODAY - 30 * DAY,
        body="Noise cancelling, 30 hours of battery.",
    ),
    doc(
        "product:qc",
        "Bose QuietComfort Ultra headphones",
        lang="en",
        brand="Bose",
        topics=("audio", "travel"),
        price_minor={"USD": 42900},
        published=TODAY - 20 * DAY,
        body="Noise cancelling for long flights.",
    ),
    doc(
        "product:cable",
        "Anker USB-C cable 2 m",
        lang="en",
        brand="Anker",
        topics=("cables",),
        price_minor={"USD": 1299},
        in_stock=True,
        published=TODAY - 10 * DAY,
        body="Braided nylon; charges laptops.",
    ),
    doc(
        "post:guide",
        "Choosing headphones for travel",
        lang="en",
        creator="ada",
        topics=("travel",),
        cards=("Sony WH-1000XM5",),
        published=TODAY,
        body="We wore twelve pairs on a dozen flights.",
    ),
    doc(
        "list:zh",
        "降噪耳机推荐",
        lang="zh",
        creator="lin",
        topics=("audio",),
        published=TODAY - 5 * DAY,
        body="通勤和旅行都合适的头戴式耳机，附购买建议。",
    ),
    doc("creator:ada", "Ada Wong", lang="en", creator="ada", published=TODAY - 90 * DAY),
)


class SearchBackendContract:
    """The tests. ``backend`` comes from the subclass."""

    @pytest.fixture
    def backend(self) -> Iterator[SearchBackend]:
        raise NotImplementedError("the subclass says which engine")

    @pytest.fixture
    def shop(self, backend: SearchBackend) -> SearchBackend:
        """An engine with ``SHOP`` in it."""
        put(backend, *SHOP)
        return backend

    # ---- words

    def test_a_word_of_the_title_finds(self, shop: SearchBackend) -> None:
        assert ids(shop, "quietcomfort") == ["product:qc"]

    def test_a_word_of_the_body_finds(self, shop: SearchBackend) -> None:
        assert ids(shop, "braided") == ["product:cable"]

    def test_a_word_of_the_brand_finds(self, shop: SearchBackend) -> None:
        put(shop, doc("product:plug", "Travel plug", brand="Skross"))
        assert ids(shop, "skross") == ["product:plug"]

    def test_a_word_of_a_tag_finds(self, backend: SearchBackend) -> None:
        put(backend, doc("post:a", "Monday", tags=("minimalism",)), doc("post:b", "Tuesday"))
        assert ids(backend, "minimalism") == ["post:a"]

    def test_a_recommended_product_finds_the_post(self, shop: SearchBackend) -> None:
        assert set(ids(shop, "sony wh-1000xm5")) == {"product:xm5", "post:guide"}

    def test_case_does_not_matter(self, shop: SearchBackend) -> None:
        assert ids(shop, "QUIETcomfort") == ["product:qc"]

    @pytest.mark.parametrize("text", ["cables", "cable", "Cable's", "charge laptop", "charging laptops"])
    def test_english_word_forms_are_one(self, shop: SearchBackend, text: str) -> None:
        assert ids(shop, text)[0] == "product:cable"

    @pytest.mark.parametrize("text", ["creme brulee", "Crème Brûlée", "CRÈME", "cre\u0300me", "ｃｒｅｍｅ"])
    def test_accents_and_width_do_not_matter(self, backend: SearchBackend, text: str) -> None:
        put(backend, doc("post:a", "Crème brûlée torch"), doc("post:b", "Custard"))
        assert ids(backend, text) == ["post:a"]

    @pytest.mark.parametrize(("text", "found"), [("vitamin c", "post:c"), ("vitamin d", "post:d")])
    def test_one_letter_words_count(self, backend: SearchBackend, text: str, found: str) -> None:
        put(backend, doc("post:c", "Vitamin C in winter"), doc("post:d", "Vitamin D in winter"))
        assert ids(backend, text)[0] == found

    def test_function_words_need_not_be_there(self, shop: SearchBackend) -> None:
        assert page(shop, "what are the headphones of bose").hits[0].id == "product:qc"
        assert not page(shop, "the headphones of bose").loosened

    def test_a_query_of_function_words_only_is_taken_at_its_word(self, backend: SearchBackend) -> None:
        put(backend, doc("post:a", "To be with you"), doc("post:b", "Kettles"))
        assert ids(backend, "to be") == ["post:a"]

    def test_an_unknown_word_finds_nothing(self, shop: SearchBackend) -> None:
        found = page(shop, "zyxwvut")
        assert (found.hits, found.total, found.loosened) == ((), 0, False)
        assert dict(found.kinds) == dict.fromkeys(KINDS, 0)

    # ---- Chinese, mixed, models, codes

    @pytest.mark.parametrize("text", ["耳", "耳机", "降噪耳机", "头戴式耳机", "耳机 推荐", "购买建议"])
    def test_chinese_of_any_length_finds(self, shop: SearchBackend, text: str) -> None:
        assert ids(shop, text)[0] == "list:zh"

    def test_chinese_that_is_not_there_does_not_come_first(self, backend: SearchBackend) -> None:
        put(backend, doc("post:phone", "手机评测"), doc("post:ear", "耳机评测"))
        assert ids(backend, "耳机")[0] == "post:ear"
        assert ids(backend, "手机")[0] == "post:phone"

    def test_one_shared_character_is_not_enough_beside_a_real_find(self, backend: SearchBackend) -> None:
        put(backend, doc("post:ear", "降噪耳机"), *(doc(f"post:{n}", f"机场{n}号") for n in range(5)))
        assert ids(backend, "耳机") == ["post:ear"]

    def test_chinese_characters_help_when_pairs_find_nothing(self, backend: SearchBackend) -> None:
        put(backend, doc("post:a", "鱼香茄子"), doc("post:b", "电脑"))
        assert ids(backend, "茄鱼") == ["post:a"]

    @pytest.mark.parametrize("text", ["API配置", "api 配置", "配置api", "ＡＰＩ配置"])
    def test_mixed_scripts_find(self, backend: SearchBackend, text: str) -> None:
        put(backend, doc("post:a", "服务器API配置说明"), doc("post:b", "服务器"))
        assert ids(backend, text)[0] == "post:a"

    @pytest.mark.parametrize(
        "text",
        ["WH-1000XM5", "wh1000xm5", "wh1000 xm5", "wh 1000xm5", "wh-1000 xm5", "1000xm5", "WH 1000 XM 5", "xm5"],
    )
    def test_a_model_number_is_found_however_it_is_spaced(self, backend: SearchBackend, text: str) -> None:
        put(backend, doc("product:a", "Sony WH-1000XM5"), doc("product:b", "Sony WF-C700N"))
        assert ids(backend, text) == ["product:a"]

    @pytest.mark.parametrize("title", ["WH-1000XM5", "WH1000XM5", "WH 1000XM5", "wh-1000-xm5"])
    def test_a_model_number_is_found_however_it_was_written(self, backend: SearchBackend, title: str) -> None:
        put(backend, doc("product:a", f"Sony {title}"), doc("product:b", "Sony WF-C700N"))
        assert ids(backend, "wh-1000xm5") == ["product:a"]
        assert ids(backend, "wh1000xm5") == ["product:a"]

    @pytest.mark.parametrize("text", ["wifi", "wi-fi", "Wi-Fi"])
    def test_a_hyphen_is_no_difference(self, backend: SearchBackend, text: str) -> None:
        put(backend, doc("post:a", "Wi-Fi at home"), doc("post:b", "wifi abroad"), doc("post:c", "Radio"))
        assert set(ids(backend, text)) == {"post:a", "post:b"}

    @pytest.mark.parametrize("text", ["4548736132566", "04548736132566", "WH1000XM5/B", "wh 1000 xm5 b"])
    def test_an_exact_code_is_the_very_first(self, shop: SearchBackend, text: str) -> None:
        put(shop, doc("product:case", text, body="for " + text), doc("product:two", "Case " + text))
        assert ids(shop, text)[0] == "product:xm5"

    def test_part_of_a_code_is_no_code(self, shop: SearchBackend) -> None:
        assert ids(shop, "454873613") == []

    # ---- phrases and exclusion

    @pytest.mark.parametrize(
        "text", ['"noise cancelling"', '"Noise-cancelling"', "“noise cancelling”", '"cancelling, 30 hours"']
    )
    def test_a_phrase_has_its_words_in_order(self, shop: SearchBackend, text: str) -> None:
        assert "product:xm5" in ids(shop, text)

    @pytest.mark.parametrize("text", ['"cancelling noise"', '"headphones noise"', '"noise 30"', '"zyx wvu"'])
    def test_words_in_another_order_are_no_phrase(self, shop: SearchBackend, text: str) -> None:
        assert ids(shop, text) == []

    def test_a_phrase_does_not_reach_from_one_field_into_the_next(self, backend: SearchBackend) -> None:
        put(backend, doc("post:a", "Red", body="Apple pie", brand="Green"))
        assert ids(backend, '"red apple"') == []
        assert ids(backend, '"red green"') == []

    def test_a_chinese_phrase_is_exact(self, backend: SearchBackend) -> None:
        put(backend, doc("post:a", "降噪耳机推荐"), doc("post:b", "耳机降噪推荐"))
        assert ids(backend, '"降噪耳机"') == ["post:a"]

    def test_a_phrase_and_a_word(self, shop: SearchBackend) -> None:
        assert ids(shop, '"noise cancelling" flights')[0] == "product:qc"

    def test_an_excluded_word_keeps_out(self, shop: SearchBackend) -> None:
        assert set(ids(shop, "headphones -sony")) == {"product:qc"}

    def test_an_excluded_phrase_keeps_out(self, shop: SearchBackend) -> None:
        assert set(ids(shop, 'headphones -"noise cancelling"')) == {"post:guide"}

    def test_excluded_chinese_keeps_out(self, backend: SearchBackend) -> None:
        put(backend, doc("post:a", "有线耳机"), doc("post:b", "无线耳机"))
        assert ids(backend, "耳机 -有线") == ["post:b"]

    def test_an_exact_title_does_not_undo_an_exclusion(self, backend: SearchBackend) -> None:
        put(backend, doc("post:a", "Tea", body="green"), doc("post:b", "Tea for two"))
        assert ids(backend, "tea -green") == ["post:b"]

    def test_only_exclusions_list_the_rest(self, shop: SearchBackend) -> None:
        found = ids(shop, "-headphones")
        assert set(found) == {"product:cable", "list:zh", "creator:ada"}

    # ---- order

    def test_the_title_weighs_more_than_the_body(self, backend: SearchBackend) -> None:
        put(
            backend,
            doc("post:body", "A long evening at home", body="with a kettle"),
            doc("post:title", "A kettle for the evening", body="at home, with tea"),
        )
        assert ids(backend, "kettle") == ["post:title", "post:body"]

    def test_an_exact_title_is_first(self, backend: SearchBackend) -> None:
        put(
            backend,
            doc("post:long", "Tea tea tea and tea", popularity=10_000, published=TODAY),
            doc("post:exact", "Téa", body="word " * 300),
        )
        assert ids(backend, "tea")[0] == "post:exact"

    def test_all_words_come_before_some_words(self, backend: SearchBackend) -> None:
        put(
            backend,
            doc("post:some", "Espresso espresso espresso", body="espresso " * 20),
            doc("post:all", "Notes", body="We own a grinder. " + "Also more. " * 50 + "And espresso."),
        )
        assert ids(backend, "espresso grinder")[0] == "post:all"

    def test_popularity_lifts_among_equals(self, backend: SearchBackend) -> None:
        put(backend, doc("post:a", "Tea notes"), doc("post:b", "Tea notes", popularity=500))
        assert ids(backend, "tea") == ["post:b", "post:a"]

    def test_popularity_does_not_beat_a_better_match(self, backend: SearchBackend) -> None:
        put(
            backend,
            doc("post:a", "Tea kettle"),
            doc("post:b", "Kitchen", body="One may boil tea in it. " * 3, popularity=10**9),
        )
        assert ids(backend, "tea") == ["post:a", "post:b"]

    def test_newer_posts_are_lifted_among_equals(self, backend: SearchBackend) -> None:
        put(
            backend,
            doc("post:a", "Tea notes", published=TODAY - 400 * DAY),
            doc("post:b", "Tea notes", published=TODAY),
        )
        assert ids(backend, "tea") == ["post:b", "post:a"]

    def test_equal_documents_are_ordered_by_id(self, backend: SearchBackend) -> None:
        put(backend, *(doc(f"product:{key}", "Tea") for key in "cadb"))
        assert ids(backend, "tea") == ["product:a", "product:b", "product:c", "product:d"]

    def test_scores_fall(self, shop: SearchBackend) -> None:
        scores = [hit.score for hit in page(shop, "noise cancelling headphones").hits]
        assert len(scores) >= 2
        assert scores == sorted(scores, reverse=True)

    def test_newest_first(self, shop: SearchBackend) -> None:
        assert ids(shop, "headphones", sort="newest") == ["post:guide", "product:qc", "product:xm5"]

    @pytest.mark.parametrize(
        ("sort", "order"),
        [
            ("price_up", ["product:xm5", "product:qc", "post:guide"]),
            ("price_down", ["product:qc", "product:xm5", "post:guide"]),
        ],
    )
    def test_by_price_and_what_has_none_comes_last(self, shop: SearchBackend, sort: Any, order: list[str]) -> None:
        assert ids(shop, "headphones", sort=sort, currency="USD") == order

    def test_by_price_in_another_currency(self, shop: SearchBackend) -> None:
        assert ids(shop, "headphones", sort="price_down", currency="CNY")[0] == "product:xm5"

    def test_by_price_only_what_has_all_words(self, shop: SearchBackend) -> None:
        assert ids(shop, "sony headphones", sort="price_up", currency="USD") == ["product:xm5", "post:guide"]

    # ---- loosening

    def test_when_nothing_has_all_words_some_do(self, shop: SearchBackend) -> None:
        found = page(shop, "bose zyxwvut")
        assert [hit.id for hit in found.hits] == ["product:qc"]
        assert found.loosened

    def test_it_is_not_called_loosened_when_something_has_all_words(self, shop: SearchBackend) -> None:
        found = page(shop, "sony headphones")
        assert found.hits[0].id == "product:xm5"
        assert not found.loosened

    def test_enough_with_all_words_are_not_diluted(self, backend: SearchBackend) -> None:
        put(
            backend,
            *(doc(f"post:both{n}", f"Green tea {n}") for n in range(12)),
            *(doc(f"post:one{n}", f"Green paint {n}") for n in range(12)),
        )
        assert page(backend, "green tea").total == 12

    def test_a_document_with_little_of_the_query_does_not_follow_a_full_one(self, backend: SearchBackend) -> None:
        put(
            backend,
            doc("post:all", "Copper kettle guide"),
            *(doc(f"post:{n}", f"Guide {n}") for n in range(20)),
        )
        assert ids(backend, "copper kettle guide") == ["post:all"]

    # ---- filters

    def test_by_kind(self, shop: SearchBackend) -> None:
        assert ids(shop, "headphones", kinds=("post",)) == ["post:guide"]
        assert set(ids(shop, "", kinds=("list", "creator"))) == {"list:zh", "creator:ada"}

    def test_by_language(self, shop: SearchBackend) -> None:
        assert ids(shop, "", langs=("zh",)) == ["list:zh"]

    def test_by_topic(self, shop: SearchBackend) -> None:
        assert set(ids(shop, "headphones", topics=("travel",))) == {"product:qc", "post:guide"}
        assert set(ids(shop, "", topics=("cables", "audio"))) == {
            "product:cable",
            "product:xm5",
            "product:qc",
            "list:zh",
        }

    def test_by_creator(self, shop: SearchBackend) -> None:
        assert set(ids(shop, "", creators=("ada",))) == {"post:guide", "creator:ada"}

    def test_in_stock(self, shop: SearchBackend) -> None:
        assert ids(shop, "headphones", in_stock=True) == ["product:xm5"]

    @pytest.mark.parametrize(
        ("low", "high", "found"),
        [
            (39900, 39900, {"product:xm5"}),
            (39901, 42900, {"product:qc"}),
            (None, 39900, {"product:xm5", "product:cable"}),
            (39901, None, {"product:qc"}),
            (0, 10**12, {"product:xm5", "product:qc", "product:cable"}),
            (-5, 1299, {"product:cable"}),
            (50000, 100, set()),
        ],
    )
    def test_by_price_both_ends_included(
        self, shop: SearchBackend, low: int | None, high: int | None, found: set[str]
    ) -> None:
        assert set(ids(shop, "", currency="USD", price_from=low, price_to=high)) == found

    def test_a_price_is_of_its_currency(self, shop: SearchBackend) -> None:
        assert ids(shop, "", currency="CNY", price_from=1) == ["product:xm5"]
        assert ids(shop, "", currency="EUR", price_from=1) == []

    def test_a_currency_without_a_range_is_no_filter(self, shop: SearchBackend) -> None:
        assert page(shop, "", currency="USD").total == len(SHOP)

    def test_a_range_without_a_currency_is_no_filter(self, shop: SearchBackend) -> None:
        assert page(shop, "", price_from=1, price_to=2).total == len(SHOP)

    def test_filters_hold_together(self, shop: SearchBackend) -> None:
        found = ids(shop, "headphones", topics=("audio",), in_stock=True, currency="USD", price_to=40000)
        assert found == ["product:xm5"]

    def test_a_filter_never_lengthens_an_answer(self, shop: SearchBackend) -> None:
        whole = set(ids(shop, "sony headphones flights"))
        assert set(ids(shop, "sony headphones flights", in_stock=True)) <= whole
        assert set(ids(shop, "sony headphones flights", langs=("en",))) <= whole

    # ---- counts and pages

    def test_kinds_are_counted_whatever_kind_is_asked_for(self, shop: SearchBackend) -> None:
        wanted = dict.fromkeys(KINDS, 0) | {"post": 1, "product": 2}
        assert dict(page(shop, "headphones").kinds) == wanted
        assert dict(page(shop, "headphones", kinds=("post",)).kinds) == wanted
        assert page(shop, "headphones", kinds=("post",)).total == 1

    def test_kinds_are_counted_within_the_other_filters(self, shop: SearchBackend) -> None:
        assert page(shop, "headphones", in_stock=True).kinds == dict.fromkeys(KINDS, 0) | {"product": 1}

    def test_an_empty_text_lists_everything_newest_first(self, shop: SearchBackend) -> None:
        assert ids(shop) == [
            "post:guide",
            "list:zh",
            "product:cable",
            "product:qc",
            "product:xm5",
            "creator:ada",
        ]
        assert ids(shop, "  \n\t ") == ids(shop)

    def test_pages_are_one_list_cut_up(self, backend: SearchBackend) -> None:
        put(backend, *(doc(f"post:{n:03}", f"Tea number {n % 7}", popularity=n % 5) for n in range(330)))
        for sort in ("relevance", "newest"):
            seen: list[str] = []
            for offset in range(0, 360, 40):
                seen += ids(backend, "tea", sort=sort, offset=offset, limit=40)
            assert len(seen) == len(set(seen)) == 330
            assert seen[:40] == ids(backend, "tea", sort=sort, limit=40)
            assert seen[195:215] == ids(backend, "tea", sort=sort, offset=195, limit=20)

    def test_a_page_after_the_last_is_empty_and_knows_the_total(self, shop: SearchBackend) -> None:
        found = page(shop, "headphones", offset=1000)
        assert (found.hits, found.total) == ((), 3)

    def test_the_total_does_not_depend_on_the_page(self, shop: SearchBackend) -> None:
        assert page(shop, "headphones", limit=1).total == 3
        assert len(page(shop, "headphones", limit=1).hits) == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            {"limit": 0},
            {"limit": 51},
            {"limit": -1},
            {"offset": -1},
            {"sort": "cheapest"},
            {"kinds": ("draft",)},
        ],
    )
    def test_limits_are_refused(self, shop: SearchBackend, wrong: dict[str, Any]) -> None:
        with pytest.raises(BadQuery):
            page(shop, "headphones", **wrong)

    def test_repeating_a_query_repeats_the_answer(self, shop: SearchBackend) -> None:
        assert page(shop, "noise headphones") == page(shop, "noise headphones")

    # ---- terms to mark

    def test_terms_mark_what_was_found(self, shop: SearchBackend) -> None:
        terms = page(shop, 'wireless HEADPHONE -bose "noise cancelling"').terms
        marked = [text for text, mark in highlight_title(SHOP[0].title, terms) if mark]
        assert marked == ["wireless", "headphones"]

    def test_terms_mark_models_and_chinese(self, shop: SearchBackend) -> None:
        assert ("WH-1000XM5", True) in highlight_title(SHOP[0].title, page(shop, "wh1000xm5").terms)
        assert highlight_title("降噪耳机推荐", page(shop, "耳机").terms) == [
            ("降噪", False),
            ("耳机", True),
            ("推荐", False),
        ]

    def test_function_words_are_not_marked(self, shop: SearchBackend) -> None:
        assert highlight_title("The best of the headphones", page(shop, "the headphones of bose").terms) == [
            ("The best of the ", False),
            ("headphones", True),
        ]

    # ---- writing

    def test_a_hit_has_the_version_that_was_put(self, backend: SearchBackend) -> None:
        put(backend, doc("post:a", "Tea", version=2**48 - 1))
        assert [(hit.id, hit.version) for hit in page(backend, "tea").hits] == [("post:a", 2**48 - 1)]

    def test_putting_again_replaces(self, shop: SearchBackend) -> None:
        put(shop, doc("product:qc", "Kettle", version=2))
        assert ids(shop, "quietcomfort") == []
        assert ids(shop, "kettle") == ["product:qc"]
        assert page(shop).total == len(SHOP)
        assert page(shop, "", topics=("travel",)).total == 1

    def test_deleting_removes_everywhere(self, shop: SearchBackend) -> None:
        shop.apply([Delete("product:qc")])
        assert "product:qc" not in ids(shop)
        assert "product:qc" not in ids(shop, "headphones")
        assert page(shop).kinds["product"] == 2
        assert "product:qc" not in dict(shop.versions())

    def test_the_only_document_may_come_and_go_again_and_again(self, backend: SearchBackend) -> None:
        for version in range(1, 10):
            put(backend, doc("post:only", "Now and then", version=version))
            assert ids(backend, "then") == ["post:only"]
            backend.apply([Delete("post:only")])
            assert ids(backend, "then") == []

    def test_deleting_what_is_not_there_is_harmless(self, shop: SearchBackend) -> None:
        shop.apply([Delete("product:none")])
        assert page(shop).total == len(SHOP)

    def test_the_last_operation_for_an_id_wins(self, backend: SearchBackend) -> None:
        backend.apply(
            [
                Upsert(doc("post:a", "First")),
                Upsert(doc("post:a", "Second", version=2)),
                Upsert(doc("post:b", "Gone")),
                Delete("post:b"),
                Delete("post:c"),
                Upsert(doc("post:c", "Back")),
            ]
        )
        assert dict(backend.versions()) == {"post:a": 2, "post:c": 1}
        assert ids(backend, "first") == []
        assert ids(backend, "second") == ["post:a"]
        assert ids(backend, "back") == ["post:c"]

    def test_repeating_operations_is_harmless(self, backend: SearchBackend) -> None:
        operations = [Upsert(doc("post:a", "Tea")), Delete("post:b"), Upsert(doc("post:c", "Tea"))]
        for _ in range(3):
            backend.apply(operations)
        assert ids(backend, "tea") == ["post:a", "post:c"]
        assert page(backend).total == 2

    def test_no_operations_are_fine(self, shop: SearchBackend) -> None:
        before = page(shop).generation
        shop.apply([])
        assert page(shop).generation == before

    def test_generations_grow(self, backend: SearchBackend) -> None:
        seen = [page(backend).generation]
        put(backend, doc("post:a", "Tea"))
        seen.append(page(backend).generation)
        backend.apply([Delete("post:a")])
        seen.append(page(backend).generation)
        backend.rebuild([doc("post:b", "Tea")])
        seen.append(page(backend).generation)
        put(backend, doc("post:c", "Tea"))
        seen.append(page(backend).generation)
        assert seen == sorted(set(seen))

    def test_many_small_changes_stay_true(self, backend: SearchBackend) -> None:
        truth: dict[str, int] = {}
        for step in range(40):
            key = f"post:{step * 7 % 13}"
            if step % 4 == 3:
                truth.pop(key, None)
                backend.apply([Delete(key)])
            else:
                truth[key] = step
                put(backend, doc(key, f"Tea step{step}", version=step))
            assert dict(backend.versions()) == truth
            assert sorted(ids(backend, "tea", limit=50)) == sorted(truth)

    def test_a_draft_that_was_removed_leaves_no_trace(self, shop: SearchBackend) -> None:
        put(shop, doc("post:secret", "Plan", body="Xylographer", tags=("xylographer",)))
        assert ids(shop, "xylographer") == ["post:secret"]
        shop.apply([Delete("post:secret")])
        found = page(shop, "xylographer")
        assert (found.hits, found.total, set(found.kinds.values())) == ((), 0, {0})

    # ---- rebuilding

    def test_a_rebuild_replaces_everything(self, shop: SearchBackend) -> None:
        assert shop.rebuild([doc("post:new", "Kettle", version=9)]) == 1
        assert dict(shop.versions()) == {"post:new": 9}
        assert ids(shop, "headphones") == []
        assert ids(shop, "kettle") == ["post:new"]

    def test_a_rebuild_from_nothing_is_empty(self, shop: SearchBackend) -> None:
        assert shop.rebuild([]) == 0
        assert page(shop).total == 0

    def test_in_a_rebuild_the_last_document_of_an_id_wins(self, backend: SearchBackend) -> None:
        documents = [doc("post:a", "Old"), doc("post:b", "Tea"), doc("post:a", "New", version=2)]
        assert backend.rebuild(documents) == 2
        assert dict(backend.versions()) == {"post:a": 2, "post:b": 1}
        assert ids(backend, "old") == []

    def test_a_rebuild_that_dies_leaves_the_old_index(self, shop: SearchBackend) -> None:
        def dying() -> Iterator[Document]:
            yield doc("post:new", "Kettle")
            raise RuntimeError("the database went away")

        with pytest.raises(RuntimeError, match="the database went away"):
            shop.rebuild(dying())
        assert page(shop).total == len(SHOP)
        assert ids(shop, "kettle") == []
        put(shop, doc("post:after", "Kettle"))
        assert ids(shop, "kettle") == ["post:after"]
        assert shop.rebuild(SHOP) == len(SHOP)

    def test_searches_go_on_against_the_old_index_during_a_rebuild(self, shop: SearchBackend) -> None:
        seen: list[int] = []

        def documents() -> Iterator[Document]:
            for number in range(20):
                seen.append(page(shop).total)
                yield doc(f"post:{number}", "Kettle")

        assert shop.rebuild(documents()) == 20
        assert seen == [len(SHOP)] * 20
        assert page(shop).total == 20

    def test_what_is_applied_during_a_rebuild_is_not_lost(self, shop: SearchBackend) -> None:
        def documents() -> Iterator[Document]:
            yield SHOP[0]
            yield SHOP[1]
            put(shop, doc("post:late", "Kettle", version=4, price_minor={"USD": 5}, tags=("late",)))
            shop.apply([Delete(SHOP[1].id)])
            assert ids(shop, "kettle") == ["post:late"]

        assert shop.rebuild(documents()) == 2
        assert dict(shop.versions()) == {SHOP[0].id: 1, "post:late": 4}
        assert ids(shop, "late", currency="USD", price_to=5) == ["post:late"]

    def test_searches_in_threads_see_whole_indexes_only(self, backend: SearchBackend) -> None:
        """Each index has n documents of "round n"; an answer that mixes two would have another total."""
        backend.rebuild([doc("post:0", "Tea round1")])
        wrong: list[object] = []
        done = threading.Event()

        def search() -> None:
            while not done.is_set():
                try:
                    found = page(backend, "tea", limit=50)
                    rounds = {hit.version for hit in found.hits}
                    if len(rounds) != 1 or found.total not in (rounds.pop(), 1):
                        wrong.append(found)
                except Exception as error:  # noqa: BLE001  # whatever it is, it is wrong
                    wrong.append(error)

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for size in range(2, 10):
            backend.rebuild([doc(f"post:{n}", f"Tea round{size}", version=size) for n in range(size)])
        done.set()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert page(backend, "tea").total == 9

    def test_searches_in_threads_beside_writes(self, backend: SearchBackend) -> None:
        put(backend, *(doc(f"post:{n}", "Tea") for n in range(5)))
        wrong: list[object] = []
        done = threading.Event()

        def search() -> None:
            last = 0
            while not done.is_set():
                try:
                    found = page(backend, "tea")
                    if found.total < last:
                        wrong.append((last, found.total))
                    last = found.total
                except Exception as error:  # noqa: BLE001
                    wrong.append(error)

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(5, 30):
            put(backend, doc(f"post:{number}", "Tea"))
        done.set()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert page(backend, "tea").total == 30

    # ---- care

    def test_ensure_asks_for_a_rebuild_while_it_is_empty(self, backend: SearchBackend) -> None:
        assert backend.ensure()
        put(backend, doc("post:a", "Tea"))
        assert not backend.ensure()
        assert ids(backend, "tea") == ["post:a"]

    def test_versions_are_all_there_is(self, shop: SearchBackend) -> None:
        assert sorted(shop.versions()) == sorted((document.id, 1) for document in SHOP)

    def test_health_of_a_sound_index(self, shop: SearchBackend) -> None:
        health = shop.health()
        assert (health.ok, health.documents, health.reason) == (True, len(SHOP), "")
        assert health.generation == page(shop).generation
        assert health.bytes > 0

    # ---- odd texts

    @pytest.mark.parametrize(
        "text",
        [
            "x" * 10_000,
            "耳" * 10_000,
            "tea " * 2_500,
            "\0",
            "\0headphones\0",
            "🎧",
            "👩‍👩‍👧‍👦🇨🇳",
            '"',
            '"""',
            "'",
            '"headphones',
            'headphones"',
            "-",
            "--",
            '-"',
            '-""',
            "*:*",
            "*",
            "?",
            "head*",
            "status:draft",
            "title:headphones",
            "(",
            ")))(((",
            "[1 TO 9]",
            "{!x}",
            "AND",
            "OR NOT",
            "a AND (b OR",
            "headphones~2",
            "headphones^9",
            "\\",
            "/.*/",
            "\ud800",
            "head\udfffphones",
            "\u202eheadphones",
            "\ufeff",
            "\x1b[31m",
            "%00",
            "' OR 1=1 --",
            "<script>alert(1)</script>",
            "a-b-c-d-e-f-g-h-i-j-k",
            "1-2-3-4-5-6-7-8-9",
            "a1" * 90,
            "____",
            "e" + "\u0301" * 300,
            "ﷺ" * 50,
            "İstanbul ŉ ǰ",
        ],
    )
    def test_no_text_is_an_error(self, shop: SearchBackend, text: str) -> None:
        found = page(shop, text)
        assert 0 <= found.total <= len(SHOP)
        assert len(found.hits) == found.total
        for term in found.terms:
            assert highlight_title(term, found.terms)

    @pytest.mark.parametrize("text", ["!!!", "🎧", "*:*", '"', "-", "\ud800", "()", "..."])
    def test_a_text_without_words_finds_nothing(self, shop: SearchBackend, text: str) -> None:
        assert page(shop, text).total == 0

    def test_an_operator_is_a_word(self, shop: SearchBackend) -> None:
        put(shop, doc("post:status", "Status of a draft"))
        assert ids(shop, "status:draft") == ["post:status"]

    @pytest.mark.parametrize("odd", ["\0", "\ud800", "🎧", "", "x" * 70_000, "耳" * 5_000, "a1-" * 3_000])
    def test_odd_documents_are_taken(self, backend: SearchBackend, odd: str) -> None:
        document = doc("post:odd", odd, body=f"kettle {odd}", brand=odd, tags=(odd,), codes=(odd,), lang=odd[:8])
        put(backend, document)
        assert ids(backend, "kettle") == ["post:odd"]
        assert backend.rebuild([document]) == 1
        assert ids(backend, "kettle") == ["post:odd"]

    def test_extreme_numbers_are_taken(self, backend: SearchBackend) -> None:
        most = 2**63 - 1
        put(
            backend,
            doc("product:a", "Tea", price_minor={"USD": 10**15, "JPY": 0}, popularity=most, published=most),
            doc("post:b", "Tea", popularity=-5, published=-(10**10)),
        )
        assert set(ids(backend, "tea")) == {"product:a", "post:b"}
        assert ids(backend, "", currency="JPY", price_to=0) == ["product:a"]
        assert ids(backend, "tea", sort="newest") == ["product:a", "post:b"]
