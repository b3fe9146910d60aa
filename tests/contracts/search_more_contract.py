"""What every search engine must do beyond finding: forgive, count, explain.

Subclass ``SearchMoreContract`` beside ``SearchBackendContract``, with the same ``backend`` fixture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from contentshop.search.port import (
    FACETS,
    BadQuery,
    Delete,
    SearchBackend,
    SearchQuery,
    Synonym,
)
from tests.contracts.search_contract import DAY, SHOP, TODAY, doc, ids, page, put

CASE = doc(
    "product:case",
    "透明手机壳 防摔",
    lang="zh",
    brand="Apple",
    topics=("phones",),
    merchants=("jd", "tmall"),
    ways=("own", "elsewhere"),
    price_minor={"CNY": 4900},
    in_stock=True,
    published=TODAY - 3 * DAY,
)
BUDS = doc(
    "product:buds",
    "Sony LinkBuds earbuds",
    lang="en",
    brand="Sony",
    topics=("audio", "phones"),
    merchants=("jd",),
    ways=("elsewhere",),
    price_minor={"CNY": 99900, "USD": 17900},
    published=TODAY - 40 * DAY,
)
EXTREMES = {"currency": "CNY", "price_edges": (5000, 100000)}


class SearchMoreContract:
    """The tests. ``backend`` comes from the subclass."""

    @pytest.fixture
    def backend(self) -> Iterator[SearchBackend]:
        raise NotImplementedError("the subclass says which engine")

    @pytest.fixture
    def shop(self, backend: SearchBackend) -> SearchBackend:
        """An engine with ``SHOP`` and two more products in it."""
        put(backend, *SHOP, CASE, BUDS)
        return backend

    # ---- what readers say

    @pytest.fixture
    def judged(self, backend: SearchBackend) -> SearchBackend:
        """An engine with posts that readers have judged, and products that lists have rated."""
        put(
            backend,
            doc("post:good", "Lamp guide", body="bright", worth=95, votes=40, talk=("It flickers on dimmers.",)),
            doc("post:fair", "Lamp notes", body="bright", worth=70, votes=6),
            doc("post:poor", "Lamp story", body="bright", worth=20, votes=5),
            doc("post:none", "Lamp diary", body="bright", votes=3),
            doc("product:best", "Lamp one", rating=45),
            doc("product:next", "Lamp two", rating=39),
        )
        return backend

    def test_what_readers_say_is_found(self, judged: SearchBackend) -> None:
        assert ids(judged, "flickers") == ["post:good"]
        assert ids(judged, "flickers lamp") == ["post:good"]
        assert ids(judged, '"flickers on dimmers"') == ["post:good"]
        assert ids(judged, '"guide it flickers"') == []
        assert ids(judged, "lamp -flickers", kinds=("post",)) == ["post:fair", "post:none", "post:poor"]
        put(judged, doc("post:good", "Lamp guide", body="bright", version=2))
        assert page(judged, "flickers", verbatim=True).total == 0

    def test_talk_neither_lifts_nor_sinks(self, backend: SearchBackend) -> None:
        put(
            backend,
            doc("post:a", "Lamp guide", body="bright words"),
            doc("post:b", "Lamp guide", body="bright words", talk=("bright lamp " * 50, "other things " * 200)),
        )
        quiet, loud = backend.search(SearchQuery("bright lamp", explain=True)).hits
        assert (quiet.id, loud.id, quiet.score) == ("post:a", "post:b", loud.score)

    def test_worth_rate_votes_and_rating_narrow(self, judged: SearchBackend) -> None:
        posts = {"kinds": ("post",), "sort": "newest"}
        assert sorted(ids(judged, "lamp", worth_from=50, **posts)) == ["post:fair", "post:good"]
        assert sorted(ids(judged, "lamp", worth_from=71, **posts)) == ["post:good"]
        assert sorted(ids(judged, "lamp", worth_from=-5, **posts)) == ["post:fair", "post:good", "post:poor"]
        assert sorted(ids(judged, "lamp", votes_from=6, **posts)) == ["post:fair", "post:good"]
        assert ids(judged, "lamp", rating_from=40) == ["product:best"]
        assert ids(judged, "lamp", worth_from=10**12) == []

    def test_worth_rates_and_ratings_are_counted_from_each_step_on(self, judged: SearchBackend) -> None:
        found = page(judged, "lamp", facets=("worth", "rating"), worth_from=90)
        assert found.total == 1
        assert found.facets == {"worth": {"50": 2, "70": 2, "90": 1}, "rating": {}}
        found = page(judged, "lamp", facets=("worth", "rating"), rating_from=40)
        assert found.facets == {"worth": {}, "rating": {"30": 2, "40": 1, "45": 1}}

    # ---- deals

    @pytest.fixture
    def deals(self, backend: SearchBackend) -> SearchBackend:
        """An engine with deals at every stage, and a guide."""
        put(
            backend,
            doc(
                "deal:now",
                "Lamp at half price",
                lang="en",
                body="Add two to the cart.",
                tags=("Kettle House",),
                cards=("Brightline desk lamp",),
                codes=("LAMP-50",),
                merchants=("kettle",),
                ways=("elsewhere",),
                price_minor={"USD": 1900},
                worth=90,
                votes=12,
                phase="running",
            ),
            doc("deal:cheap", "Lamp for 9 dollars", lang="en", price_minor={"USD": 900}, votes=2, phase="running"),
            doc("deal:soon", "Lamp from Friday on", lang="en", phase="upcoming"),
            doc("deal:over", "Lamp at half price", lang="en", body="Add two to the cart.", phase="ended"),
            doc("deal:zh", "护眼台灯五折", lang="zh", codes=("灯50",), price_minor={"CNY": 9900}, phase="running"),
            doc("post:guide", "Which lamp to buy", lang="en", body="bright"),
        )
        return backend

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ("half price", ["deal:now", "deal:over"]),
            ("lamp-50", ["deal:now"]),
            ("kettle house", ["deal:now"]),
            ("brightline", ["deal:now"]),
            ('"two to the cart"', ["deal:now", "deal:over"]),
            ("台灯", ["deal:zh"]),
            ("五折", ["deal:zh"]),
            ("taideng", ["deal:zh"]),
            ("灯50", ["deal:zh"]),
        ],
    )
    def test_deals_are_found(self, deals: SearchBackend, asked: str, found: list[str]) -> None:
        assert ids(deals, asked) == found

    def test_a_deal_that_is_over_stands_below_one_that_runs(self, deals: SearchBackend) -> None:
        running, over = deals.search(SearchQuery("half price", explain=True)).hits
        assert (running.id, running.parts["ended"], over.id, over.parts["ended"]) == ("deal:now", 1.0, "deal:over", 0.5)
        put(deals, doc("deal:now", "Lamp at half price", lang="en", version=2, phase="ended"))
        assert all(hit.parts["ended"] == 0.5 for hit in deals.search(SearchQuery("half price", explain=True)).hits)

    def test_deals_that_run_are_a_filter_and_are_counted(self, deals: SearchBackend) -> None:
        found = page(deals, "lamp", facets=("kind", "running"))
        assert dict(found.facets["running"]) == {"1": 2}
        assert dict(found.facets["kind"]) == {"deal": 4, "post": 1}
        assert (found.kinds["deal"], found.total) == (4, 5)
        found = page(deals, "lamp", running=True, facets=("kind", "running"))
        assert {hit.id for hit in found.hits} == {"deal:now", "deal:cheap"}
        assert dict(found.facets["kind"]) == {"deal": 2}
        assert dict(found.facets["running"]) == {"1": 2}
        assert page(deals, running=True).total == 3
        put(deals, doc("deal:soon", "Lamp from Friday on", lang="en", version=2, phase="running"))
        assert page(deals, running=True).total == 4

    def test_deals_by_price_worth_and_votes(self, deals: SearchBackend) -> None:
        priced = {"kinds": ("deal",), "currency": "USD"}
        assert ids(deals, sort="price_up", running=True, **priced)[:2] == ["deal:cheap", "deal:now"]
        assert ids(deals, price_to=1000, **priced) == ["deal:cheap"]
        assert ids(deals, worth_from=90, votes_from=10, kinds=("deal",)) == ["deal:now"]
        assert ids(deals, "lamp", kinds=("deal",), merchants=("kettle",)) == ["deal:now"]

    # ---- forgiving

    @pytest.mark.parametrize(
        ("typed", "understood", "first"),
        [
            ("wirless hedphones", "wireless headphones", "product:xm5"),
            ("bose qietcomfort", "bose quietcomfort", "product:qc"),
            ("HEADHPONES travel", "headphones travel", "post:guide"),
        ],
    )
    def test_a_typing_error_is_corrected(self, shop: SearchBackend, typed: str, understood: str, first: str) -> None:
        found = page(shop, typed)
        assert (found.corrected, found.hits[0].id, found.loosened) == (understood, first, False)

    @pytest.mark.parametrize("typed", ["xm4", "wh1000xm4", "usbb", "zzzzzzzzz", '"hedphones"', "bose -hedphones"])
    def test_what_is_no_typing_error_stays(self, shop: SearchBackend, typed: str) -> None:
        assert page(shop, typed).corrected == ""

    def test_a_word_that_is_written_somewhere_is_never_corrected(self, shop: SearchBackend) -> None:
        put(shop, doc("post:odd", "On hedphones, a new word", body="hedphones"))
        found = page(shop, "hedphones")
        assert (found.corrected, [hit.id for hit in found.hits]) == ("", ["post:odd"])

    def test_a_far_more_usual_word_is_offered_when_little_is_found(self, shop: SearchBackend) -> None:
        put(shop, doc("post:odd", "On hedphones"), *(doc(f"post:p{n}", f"Headphones {n}") for n in range(12)))
        assert page(shop, "hedphones").offered == "headphones"
        assert page(shop, "headphones").offered == ""

    def test_typed_words_can_be_insisted_on(self, shop: SearchBackend) -> None:
        found = page(shop, "wirless hedphones", verbatim=True)
        assert (found.corrected, found.total) == ("", 0)

    def test_what_was_taken_away_is_no_correction(self, backend: SearchBackend) -> None:
        put(backend, doc("post:secret", "The zirconium plan"), doc("post:other", "Something else"))
        assert page(backend, "zirconum").corrected == "zirconium"
        backend.apply([Delete("post:secret")])
        found = page(backend, "zirconum")
        assert (found.corrected, found.offered, found.total) == ("", "", 0)

    @pytest.mark.parametrize("typed", ["shoujike", "sjk", "shouji ke", "手機殼", "手机壳"])
    def test_chinese_is_found_by_pinyin_initials_and_traditional_characters(
        self, shop: SearchBackend, typed: str
    ) -> None:
        if typed == "shouji ke":
            assert "product:case" in ids(shop, "shouji")
            return
        assert ids(shop, typed) == ["product:case"]

    def test_two_words_of_pinyin(self, shop: SearchBackend) -> None:
        assert ids(shop, "jiangzao erji") == ["list:zh"]

    def test_latin_words_come_before_pinyin(self, shop: SearchBackend) -> None:
        put(shop, doc("product:shu", "Shouji Kettle"))
        assert ids(shop, "shouji") == ["product:shu"]

    def test_synonyms_find_what_is_written_otherwise(self, shop: SearchBackend) -> None:
        both = (Synonym("earbuds", ("耳机", "headphones")),)
        assert ids(shop, "earbuds") == ["product:buds"]
        assert set(ids(shop, "earbuds", synonyms=both)) == {
            "product:buds",
            "product:xm5",
            "product:qc",
            "post:guide",
            "list:zh",
        }
        assert ids(shop, "bose earbuds", synonyms=both) == ["product:qc"]

    def test_a_word_with_synonyms_is_not_corrected(self, shop: SearchBackend) -> None:
        rule = (Synonym("headphonez", ("耳机",)),)
        found = page(shop, "headphonez", synonyms=rule)
        assert (found.corrected, [hit.id for hit in found.hits]) == ("", ["list:zh"])

    def test_function_words_are_not_corrected(self, shop: SearchBackend) -> None:
        put(shop, doc("product:witch", "Witch hat"))
        assert page(shop, "which headphones").corrected == ""

    def test_synonyms_of_several_words(self, shop: SearchBackend) -> None:
        rule = (Synonym("phone cover", ("手机壳",)),)
        found = page(shop, "phone cover", synonyms=rule)
        assert ([hit.id for hit in found.hits], found.loosened) == (["product:case"], False)
        assert page(shop, "cover phone", synonyms=rule).loosened

    # ---- counting

    def test_values_are_counted_most_frequent_first(self, shop: SearchBackend) -> None:
        found = page(shop, facets=FACETS, ages=(TODAY - 7 * DAY, TODAY - 35 * DAY), **EXTREMES)
        counted = {facet: list(values.items()) for facet, values in found.facets.items()}
        assert counted == {
            "kind": [("product", 5), ("creator", 1), ("list", 1), ("post", 1)],
            "topic": [("audio", 4), ("phones", 2), ("travel", 2), ("cables", 1)],
            "lang": [("en", 6), ("zh", 2)],
            "creator": [("ada", 2), ("lin", 1)],
            "brand": [("Sony", 2), ("Anker", 1), ("Apple", 1), ("Bose", 1)],
            "merchant": [("jd", 2), ("tmall", 1)],
            "way": [("elsewhere", 2), ("own", 1)],
            "stock": [("1", 3)],
            "price": [("0", 1), ("1", 1), ("2", 1)],
            "age": [("1", 6), ("0", 3)],
            "worth": [],
            "rating": [],
            "running": [],
        }

    def test_only_what_was_asked_for_is_counted(self, shop: SearchBackend) -> None:
        assert dict(page(shop, "headphones").facets) == {}
        assert set(page(shop, "headphones", facets=("brand",)).facets) == {"brand"}

    def test_a_group_does_not_narrow_its_own_counts(self, shop: SearchBackend) -> None:
        found = page(shop, brands=("Sony",), facets=("brand", "topic"))
        assert found.total == 2
        assert dict(found.facets["brand"]) == {"Sony": 2, "Anker": 1, "Apple": 1, "Bose": 1}
        assert dict(found.facets["topic"]) == {"audio": 2, "phones": 1}

    def test_groups_narrow_each_other(self, shop: SearchBackend) -> None:
        found = page(shop, brands=("Sony",), topics=("phones",), kinds=("product",), facets=("brand", "topic", "kind"))
        assert [hit.id for hit in found.hits] == ["product:buds"]
        assert dict(found.facets["brand"]) == {"Apple": 1, "Sony": 1}
        assert dict(found.facets["topic"]) == {"audio": 2, "phones": 1}
        assert dict(found.facets["kind"]) == {"product": 1}

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"brands": ("Sony", "Bose")}, {"product:xm5", "product:qc", "product:buds"}),
            ({"merchants": ("tmall",)}, {"product:case"}),
            ({"merchants": ("jd",)}, {"product:case", "product:buds"}),
            ({"ways": ("own",)}, {"product:case"}),
            ({"ways": ("own", "elsewhere")}, {"product:case", "product:buds"}),
            ({"published_from": TODAY - 3 * DAY}, {"product:case", "post:guide"}),
            ({"published_from": TODAY + 1}, set()),
            ({"brands": ("no such brand",)}, set()),
            ({"merchants": ("\ud800",)}, set()),
        ],
    )
    def test_filters(self, shop: SearchBackend, filters: dict[str, Any], found: set[str]) -> None:
        assert set(ids(shop, **filters)) == found

    def test_counts_equal_what_the_filter_then_finds(self, shop: SearchBackend) -> None:
        counts = page(shop, facets=("brand", "merchant", "way", "topic", "lang", "creator", "kind")).facets
        names = {
            "brand": "brands",
            "merchant": "merchants",
            "way": "ways",
            "topic": "topics",
            "lang": "langs",
            "creator": "creators",
            "kind": "kinds",
        }
        for facet, values in counts.items():
            for value, count in values.items():
                assert page(shop, **{names[facet]: (value,)}).total == count, (facet, value)

    def test_prices_are_counted_in_the_currency_that_is_asked(self, shop: SearchBackend) -> None:
        edges = {"facets": ("price",), "price_edges": (5000, 40000)}
        assert dict(page(shop, currency="USD", **edges).facets["price"]) == {"0": 1, "1": 2, "2": 1}
        assert dict(page(shop, currency="EUR", **edges).facets["price"]) == {}

    def test_an_unknown_facet_is_refused(self, shop: SearchBackend) -> None:
        with pytest.raises(BadQuery):
            shop.search(SearchQuery(facets=("commission",)))  # type: ignore[arg-type]

    def test_what_was_deleted_is_not_counted(self, shop: SearchBackend) -> None:
        shop.apply([Delete("product:case")])
        found = page(shop, facets=("merchant", "brand"))
        assert dict(found.facets["merchant"]) == {"jd": 1}
        assert "Apple" not in found.facets["brand"]

    # ---- explaining

    def test_a_place_is_explained_by_its_parts(self, shop: SearchBackend) -> None:
        found = page(shop, "headphones", explain=True)
        for hit in found.hits:
            assert set(hit.parts) == {"text", "popularity", "freshness", "availability", "ended", "tier"}
            factors = math.prod(hit.parts[part] for part in ("popularity", "freshness", "availability", "ended"))
            assert hit.score == pytest.approx(hit.parts["text"] * factors, rel=1e-5)
        guide = next(hit for hit in found.hits if hit.id == "post:guide")
        assert guide.parts["freshness"] == pytest.approx(1.15)

    def test_without_asking_there_are_no_parts(self, shop: SearchBackend) -> None:
        assert dict(page(shop, "headphones").hits[0].parts) == {}

    def test_what_can_be_had_goes_before_its_equal(self, backend: SearchBackend) -> None:
        put(backend, doc("product:a", "Grey kettle"), doc("product:b", "Grey kettle", ways=("elsewhere",)))
        assert ids(backend, "grey kettle")[0] == "product:b"
