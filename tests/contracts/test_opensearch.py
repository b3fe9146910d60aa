"""OpenSearch: the contract on a real one, and what a network and a cluster can do.

python tools/opensearch.py -- .venv/bin/python -m pytest tests/contracts/test_opensearch.py
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from contentshop.core.errors import Unavailable
from contentshop.search.backends.opensearch import SEARCH_PATIENCE, OpenSearchBackend, hosts_of
from contentshop.search.backends.opensearch_language import BULK_DOCUMENTS, mappings
from contentshop.search.backends.whoosh import WhooshSearchBackend
from contentshop.search.port import (
    FACETS,
    SORTS,
    Delete,
    Document,
    SchemaMismatch,
    SearchBackend,
    SearchPage,
    Sort,
    Synonym,
    Upsert,
)
from tests.contracts.search_contract import DAY, SHOP, TODAY, SearchBackendContract, doc, ids, page, put
from tests.contracts.search_more_contract import BUDS, CASE, SearchMoreContract
from tools.opensearch import Cluster

URL = os.environ.get("CONTENTSHOP_TEST_OPENSEARCH_URL", "")
PATIENCE = 20.0  # a machine that runs tests may be slow; how long a search may take is tested apart

needs_engine = pytest.mark.skipif(
    not URL, reason="CONTENTSHOP_TEST_OPENSEARCH_URL names no OpenSearch; tools/opensearch.py starts one"
)


@pytest.fixture(scope="module")
def engine() -> Iterator[OpenSearch]:
    """A client of the test's own, to look behind the port."""
    client = OpenSearch(hosts=hosts_of(URL)[0], timeout=30)
    yield client
    client.close()


@contextmanager
def a_prefix(engine: OpenSearch) -> Iterator[str]:
    """A name that nothing else has; all that was made under it is removed."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name
    engine.indices.delete(index=f"{name}*", ignore=404)
    engine.indices.delete_index_template(name=name, ignore=404)


@pytest.fixture
def prefix(engine: OpenSearch) -> Iterator[str]:
    with a_prefix(engine) as name:
        yield name


@pytest.fixture
def backend(prefix: str) -> Iterator[OpenSearchBackend]:
    backend = OpenSearchBackend(URL, prefix=prefix, patience=PATIENCE)
    assert backend.ensure()
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def common(engine: OpenSearch) -> Iterator[OpenSearchBackend]:
    """One back end for all tests of the contracts."""
    with a_prefix(engine) as name:
        backend = OpenSearchBackend(URL, prefix=name, patience=PATIENCE)
        yield backend
        backend.close()


@pytest.fixture
def emptied(common: OpenSearchBackend) -> SearchBackend:
    """It with a new index. Deleting all documents would be quicker, but deleted ones count in frequencies."""
    assert common.rebuild([]) == 0
    return common


# ------------------------------------------------------------------------------------------- a cluster


@pytest.mark.live
@needs_engine
@pytest.mark.timeout(400)
def test_a_node_stops_under_load_without_a_failed_search() -> None:
    """Two nodes, each with a copy. Searches and writes go on while one is stopped, started again, killed.

    It takes longest, so it is the first: others run beside it.
    """
    with Cluster(2) as cluster:
        backend = OpenSearchBackend(cluster.url, patience=PATIENCE)
        assert backend.ensure()
        backend.rebuild(SHOP)
        client = OpenSearch(hosts=hosts_of(cluster.nodes[0].url)[0], timeout=60)
        done = threading.Event()
        wrong: list[object] = []
        asked: list[int] = []
        written: dict[str, int] = {}

        def search() -> None:
            while not done.is_set():
                try:
                    if page(backend, "headphones").total != 3:
                        wrong.append("a search has shrunk")
                    asked.append(1)
                except Exception as error:  # noqa: BLE001
                    wrong.append(error)

        def write() -> None:
            number = 0
            while not done.is_set():
                number += 1
                try:
                    put(backend, doc(f"post:{number}", "Kettle", version=number))
                    written[f"post:{number}"] = number
                except Exception as error:  # noqa: BLE001
                    wrong.append(error)
                time.sleep(0.05)

        def green() -> None:
            client.cluster.health(
                index="contentshop", params={"wait_for_status": "green", "timeout": "60s"}, request_timeout=70
            )

        green()
        threads = [threading.Thread(target=work) for work in (search, search, search, write)]
        for thread in threads:
            thread.start()
        try:
            second = cluster.nodes[1]
            for end in (second.stop, second.kill):
                time.sleep(1)
                end()
                enough = len(asked) + 50
                while len(asked) < enough and not wrong:
                    time.sleep(0.1)
                second.resume()
                second.wait_ready(2, time.monotonic() + 180)
                green()
        finally:
            done.set()
            for thread in threads:
                thread.join()
        assert wrong == []
        assert dict(backend.versions()) == {document.id: 1 for document in SHOP} | written
        client.close()
        backend.close()


# ------------------------------------------------------------------------------------------- the contract


@needs_engine
class TestContract(SearchBackendContract):
    @pytest.fixture
    def backend(self, emptied: SearchBackend) -> SearchBackend:  # type: ignore[override]
        return emptied


@needs_engine
class TestMore(SearchMoreContract):
    @pytest.fixture
    def backend(self, emptied: SearchBackend) -> SearchBackend:  # type: ignore[override]
        return emptied


# ------------------------------------------------------------------------------------------- names and addresses


@pytest.mark.parametrize(
    ("url", "hosts", "prefix"),
    [
        ("http://search:9200", [("search", 9200, False, None)], "contentshop"),
        ("https://search", [("search", 9200, True, None)], "contentshop"),
        ("http://a:1/shop", [("a", 1, False, None)], "shop"),
        ("http://a:1,http://b:2", [("a", 1, False, None), ("b", 2, False, None)], "contentshop"),
        (
            "https://u:p%40ss@a:1, b:2/shop",
            [("a", 1, True, ("u", "p@ss")), ("b", 2, True, ("u", "p@ss"))],
            "shop",
        ),
    ],
)
def test_addresses_are_read(url: str, hosts: list[tuple[object, ...]], prefix: str) -> None:
    found, name = hosts_of(url)
    assert [(at["host"], at["port"], at["use_ssl"], at.get("http_auth")) for at in found] == hosts
    assert name == prefix


def test_a_private_authority_is_named_in_the_address(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("certificate")
    hosts, prefix = hosts_of(f"https://a:1,b:2/shop?ca={file}")
    assert [host["ca_certs"] for host in hosts] == [str(file)] * 2
    assert prefix == "shop"
    with pytest.raises(ValueError, match="no file"):
        hosts_of(f"https://a:1?ca={file}x")


@pytest.mark.parametrize(
    "url", ["", "search:9200", "ftp://search", "http://", "http://a:b", "http://a/Shop", "http://a/*"]
)
def test_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        hosts_of(url)


# ------------------------------------------------------------------------------------------- away, silent, busy


class Stub:
    """Something that listens where an engine should: ``answer`` gets each request's path and says what comes back,
    (status, JSON) or None to stay silent."""

    def __init__(self, answer: Callable[[str, bytes], tuple[int, object] | None]) -> None:
        self.paths: list[str] = []
        stub = self
        self._over = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                stub.paths.append(self.path.partition("?")[0])
                said = answer(stub.paths[-1], body)
                if said is None:
                    stub._over.wait(60)
                    self.close_connection = True
                    return
                status, content = said
                raw = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Stub:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def nobody() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def opened() -> Iterator[Callable[..., OpenSearchBackend]]:
    """Makes back ends that are closed at the end."""
    made: list[OpenSearchBackend] = []

    def make(url: str, **more: Any) -> OpenSearchBackend:
        made.append(OpenSearchBackend(url, **more))
        return made[-1]

    yield make
    for backend in made:
        backend.close()


Opened = Callable[..., OpenSearchBackend]


def test_down_says_so(opened: Opened) -> None:
    backend = opened(nobody())
    with pytest.raises(Unavailable):
        page(backend, "tea")
    with pytest.raises(Unavailable):
        put(backend, doc("post:a", "Tea"))
    with pytest.raises(Unavailable):
        list(backend.versions())
    with pytest.raises(Unavailable):
        backend.ensure()
    with pytest.raises(Unavailable):
        backend.rebuild([])
    health = backend.health()
    assert (health.ok, health.documents) == (False, 0)
    assert "does not answer" in health.reason


def test_no_message_tells_the_address_or_the_password(opened: Opened) -> None:
    address = nobody().replace("http://", "http://someone:secret@")
    backend = opened(address)
    with pytest.raises(Unavailable) as failure:
        page(backend, "tea")
    for text in (failure.value.message, backend.health().reason):
        assert "secret" not in text
        assert address.rpartition(":")[2] not in text


@pytest.mark.parametrize("addresses", [1, 2, 3])
def test_a_search_of_a_silent_engine_ends_in_time(opened: Opened, addresses: int) -> None:
    """Within one second: the deadline is 0.9 seconds however many nodes are silent."""
    with Stub(lambda _path, _body: None) as stub:
        backend = opened(",".join([stub.url] * addresses))
        began = time.monotonic()
        with pytest.raises(Unavailable, match="does not answer"):
            page(backend, "tea kettle")
        waited = time.monotonic() - began
    assert SEARCH_PATIENCE * 0.9 <= waited < SEARCH_PATIENCE + 2  # what is above the deadline is the machine's
    assert SEARCH_PATIENCE < 1


def test_each_part_of_a_search_uses_up_the_same_time(opened: Opened) -> None:
    """An engine that answers slowly, piece by piece, gets no new second for each."""

    def slow(path: str, body: bytes) -> tuple[int, object]:
        time.sleep(0.3)
        if path.endswith("_msearch"):
            return 200, {"responses": [empty_answer()] * (body.count(b"\n") // 2)}
        if path.endswith("_mapping"):
            return 200, {"contentshop-00000001": {"mappings": mappings()}}
        return 200, {"term_vectors": {}}

    with Stub(slow) as stub:
        backend = opened(stub.url)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            page(backend, "茄鱼 teapot")
        assert time.monotonic() - began < SEARCH_PATIENCE + 2
        # As typed, the words' frequencies, the vocabulary (done without), then with some of the words: too late.
        assert len(stub.paths) == 4


def empty_answer() -> dict[str, Any]:
    """What the engine says of a search without results."""
    return {
        "timed_out": False,
        "_shards": {"failed": 0},
        "hits": {"total": {"value": 0}, "hits": []},
        "aggregations": {
            "kind": {"values": {"buckets": [{"key": "meta", "doc_count": 1}]}},
            "state": {"index": {"buckets": [{"key": "contentshop-00000001"}]}, "seq": {"value": 7.0}},
            "newest": {"value": None},
            "most_popular": {"value": None},
        },
        "status": 200,
    }


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, "hello"),
        (200, {}),
        (200, {"responses": []}),
        (200, {"responses": [{}]}),
        (200, {"responses": [{"error": {}, "status": 500}]}),
        (200, {"responses": [{"error": {}, "status": 429}]}),
        (200, {"responses": [empty_answer() | {"timed_out": True}]}),
        (200, {"responses": [empty_answer() | {"_shards": {"failed": 1}}]}),
        (400, {"error": {"type": "parsing_exception", "reason": "?"}, "status": 400}),
        (401, {"error": "who are you"}),
        (403, {"error": "not you"}),
        (404, {"error": {"type": "index_not_found_exception", "reason": "?"}, "status": 404}),
        (429, {"error": "later"}),
        (500, {"error": "broken"}),
        (502, "a proxy"),
        (503, {"error": "no manager"}),
    ],
)
def test_no_odd_answer_is_an_exception_of_the_client(opened: Opened, status: int, content: object) -> None:
    with Stub(lambda _path, _body: (status, content)) as stub:
        backend = opened(stub.url)
        with pytest.raises(Unavailable):
            page(backend, "tea")
        with pytest.raises(Unavailable):
            list(backend.versions())
        assert not backend.health().ok


def test_an_index_that_is_not_ours_is_told_apart(opened: Opened) -> None:
    strange = empty_answer()
    strange["aggregations"]["state"] = {"index": {"buckets": []}, "seq": {"value": None}}
    with Stub(lambda _path, _body: (200, {"responses": [strange]})) as stub, pytest.raises(SchemaMismatch):
        page(opened(stub.url), "tea")


class Busy:
    """The answers of an engine that takes writes, but not at first."""

    def __init__(self, refusals: list[int]) -> None:
        self.refusals = refusals  # statuses for whole requests, one after the other
        self.items: list[list[int]] = []  # statuses for the lines of the following requests
        self.written: list[str] = []

    def __call__(self, path: str, body: bytes) -> tuple[int, object]:
        if "_alias" in path:
            return 200, {"contentshop-00000001": {"aliases": {"contentshop": {}}}}
        if path.endswith("_mapping"):
            return 200, {"contentshop-00000001": {"mappings": mappings()}}
        if self.refusals:
            return self.refusals.pop(0), {"error": "later"}
        targets = [json.loads(line) for line in body.splitlines()]
        keys = [target["index"]["_id"] for target in targets if "index" in target]
        statuses = self.items.pop(0) if self.items else []
        statuses += [201] * (len(keys) - len(statuses))
        self.written += [key for key, status in zip(keys, statuses, strict=True) if status < 300]
        told = [
            {"index": {"_id": key, "status": status} | ({"error": {"type": "busy"}} if status >= 300 else {})}
            for key, status in zip(keys, statuses, strict=True)
        ]
        return 200, {"errors": True, "items": told}


@pytest.mark.parametrize("refusals", [[429], [503], [429, 503, 429], [502, 504]])
def test_a_busy_engine_is_asked_again(opened: Opened, refusals: list[int]) -> None:
    engine = Busy(refusals)
    with Stub(engine) as stub:
        put(opened(stub.url), doc("post:a", "Tea"), doc("post:b", "Tea"))
    assert engine.written == ["post:a", "post:b", "meta"]


def test_only_lines_that_were_refused_are_sent_again(opened: Opened) -> None:
    engine = Busy([])
    engine.items = [[201, 429, 201], [503], [429]]
    with Stub(engine) as stub:
        put(opened(stub.url), doc("post:a", "Tea"), doc("post:b", "Tea"))
    assert engine.written == ["post:a", "meta", "post:b"]


@pytest.mark.parametrize(("status", "error"), [(500, Unavailable), (400, SchemaMismatch), (404, Unavailable)])
def test_lines_that_are_refused_for_good_are_told(opened: Opened, status: int, error: type[Exception]) -> None:
    engine = Busy([])
    engine.items = [[201, status, 201]]
    with Stub(engine) as stub, pytest.raises(error):
        put(opened(stub.url), doc("post:a", "Tea"), doc("post:b", "Tea"))


# ------------------------------------------------------------------------------------------- a real one, by hand


@pytest.fixture
def shop(opened: Opened, prefix: str) -> OpenSearchBackend:
    backend: OpenSearchBackend = opened(URL, prefix=prefix, patience=PATIENCE)
    backend.rebuild(SHOP)
    return backend


def live_index(engine: OpenSearch, prefix: str) -> str:
    (name,) = engine.indices.get_alias(name=prefix)
    return str(name)


def indexes(engine: OpenSearch, prefix: str) -> list[str]:
    return sorted(engine.indices.get_alias(index=f"{prefix}*"))


@needs_engine
def test_without_ensure_there_is_no_index(opened: Opened, prefix: str, engine: OpenSearch) -> None:
    backend = opened(URL, prefix=prefix, patience=PATIENCE)
    with pytest.raises(Unavailable, match="no search index yet"):
        page(backend, "tea")
    with pytest.raises(Unavailable, match="no search index yet"):
        put(backend, doc("post:a", "Tea"))
    with pytest.raises(Unavailable, match="no search index yet"):
        backend.apply([Delete("post:a")])
    with pytest.raises(Unavailable, match="no search index yet"):
        list(backend.versions())
    assert backend.health().reason == "There is no search index yet."
    assert indexes(engine, prefix) == [], "asking has made an index"


@needs_engine
def test_a_rebuild_needs_no_index(opened: Opened, prefix: str) -> None:
    backend = opened(URL, prefix=prefix, patience=PATIENCE)
    assert backend.rebuild(SHOP) == len(SHOP)
    assert not backend.ensure()


@needs_engine
def test_the_mapping_is_strict_and_in_whole_numbers(shop: OpenSearchBackend, engine: OpenSearch, prefix: str) -> None:
    name = live_index(engine, prefix)
    found = engine.indices.get_mapping(index=name)[name]["mappings"]
    assert found["dynamic"] == "strict"
    kinds = {field["type"] for field in found["properties"].values() if "type" in field}
    assert kinds == {"keyword", "text", "long", "boolean"}
    assert found["properties"]["prices"]["properties"] == {"USD": {"type": "long"}, "CNY": {"type": "long"}}


@needs_engine
def test_a_text_is_as_long_as_its_words_are_many(shop: OpenSearchBackend, engine: OpenSearch, prefix: str) -> None:
    """Bigrams and joined forms help to find; they do not make a text look longer."""
    put(shop, doc("product:x", "WH-1000XM5 降噪耳机"))
    answer = engine.search(
        index=prefix, body={"query": {"term": {"all": "wh1000xm5"}}, "explain": True, "_source": ["id"]}
    )
    (hit,) = [hit for hit in answer["hits"]["hits"] if hit["_source"]["id"] == "product:x"]
    # wh 1000 xm 5 降 噪 耳 机, each counted five times in a title; the engine keeps lengths to four bits.
    assert "40.0" in json.dumps(hit["_explanation"])


@needs_engine
def test_a_field_added_by_hand_is_noticed_and_serves_until_the_rebuild(
    shop: OpenSearchBackend, engine: OpenSearch, prefix: str
) -> None:
    engine.indices.put_mapping(index=live_index(engine, prefix), body={"properties": {"colour": {"type": "float"}}})
    assert ids(shop, "quietcomfort") == ["product:qc"]
    health = shop.health()
    assert not health.ok
    assert "changed by hand" in health.reason
    assert shop.ensure()
    assert ids(shop, "quietcomfort") == ["product:qc"]
    assert shop.rebuild(SHOP) == len(SHOP)
    assert shop.health().ok
    assert not shop.ensure()


@needs_engine
def test_an_index_of_another_schema_says_so(
    shop: OpenSearchBackend, opened: Opened, engine: OpenSearch, prefix: str
) -> None:
    engine.indices.put_mapping(index=live_index(engine, prefix), body={"_meta": {"schema": "0.0"}})
    fresh = opened(URL, prefix=prefix, patience=PATIENCE)
    with pytest.raises(SchemaMismatch):
        page(fresh, "headphones")
    with pytest.raises(SchemaMismatch):
        put(fresh, doc("post:a", "Tea"))
    assert "schema 0.0" in fresh.health().reason
    assert fresh.ensure()
    assert page(fresh).total == 0
    assert fresh.rebuild(SHOP) == len(SHOP)
    assert fresh.health().ok


def drop_all(engine: OpenSearch, prefix: str) -> None:
    for name in indexes(engine, prefix):
        engine.indices.delete(index=name)


def squat(engine: OpenSearch, prefix: str) -> None:
    """An index of the name itself, as an engine makes one for a stray document."""
    drop_all(engine, prefix)
    engine.index(index=prefix, body={"title": "stray"}, refresh=True)


def lose_meta(engine: OpenSearch, prefix: str) -> None:
    engine.delete(index=prefix, id="meta", refresh=True)


def second_live(engine: OpenSearch, prefix: str) -> None:
    engine.indices.create(index=f"{prefix}-00000009", body={"aliases": {prefix: {}}})


def foreign(engine: OpenSearch, prefix: str) -> None:
    """An index that somebody made and gave our name to."""
    drop_all(engine, prefix)
    engine.indices.delete_index_template(name=prefix)
    engine.indices.create(index=f"{prefix}-00000003", body={"aliases": {prefix: {}}})
    engine.index(index=prefix, body={"kind": "post", "id": "x", "published": "soon"}, refresh=True)


def close_it(engine: OpenSearch, prefix: str) -> None:
    engine.indices.close(index=live_index(engine, prefix))


DAMAGES = {
    "no index": drop_all,
    "an index of the name": squat,
    "no meta": lose_meta,
    "two indexes of one name": second_live,
    "a foreign index": foreign,
    "a closed index": close_it,
}


@needs_engine
@pytest.mark.parametrize("name", DAMAGES)
def test_damage_by_hand_is_told_and_healed(
    shop: OpenSearchBackend, opened: Opened, engine: OpenSearch, prefix: str, name: str
) -> None:
    DAMAGES[name](engine, prefix)
    broken = opened(URL, prefix=prefix, patience=PATIENCE)
    for text, total in (("headphones", 3), ('"noise cancelling"', 2), ("", len(SHOP)), ("耳机", 1)):
        with suppress(Unavailable):
            assert page(broken, text).total == total
    assert not broken.health().ok
    assert broken.ensure()
    assert page(broken).total == 0
    assert broken.rebuild(SHOP) == len(SHOP)
    assert ids(broken, "quietcomfort") == ["product:qc"]
    assert broken.health().ok
    assert not broken.ensure()


@needs_engine
@pytest.mark.parametrize("name", DAMAGES)
def test_writing_to_what_is_damaged_is_refused_or_done(
    shop: OpenSearchBackend, engine: OpenSearch, prefix: str, name: str
) -> None:
    DAMAGES[name](engine, prefix)
    try:
        put(shop, doc("post:a", "Kettle"))
        done = True
    except Unavailable:
        done = False
    if shop.ensure() and not done:
        shop.rebuild([doc("post:a", "Kettle")])
    assert ids(shop, "kettle") == ["post:a"]


@needs_engine
def test_the_previous_index_stays_until_the_next_rebuild(
    shop: OpenSearchBackend, engine: OpenSearch, prefix: str
) -> None:
    for _ in range(3):
        shop.rebuild(SHOP)
    assert indexes(engine, prefix) == [f"{prefix}-00000003", f"{prefix}-00000004"]
    assert live_index(engine, prefix) == f"{prefix}-00000004"


@needs_engine
def test_a_rebuild_that_was_killed_is_cleared_away_by_the_next(
    shop: OpenSearchBackend, opened: Opened, engine: OpenSearch, prefix: str
) -> None:
    other = opened(URL, prefix=prefix, patience=PATIENCE)

    def dying() -> Iterator[Document]:
        """As when the process is gone: nothing is tidied up after it."""
        yield doc("post:ghost", "Kettle")
        assert other.rebuild(SHOP[:3]) == 3
        yield doc("post:ghost2", "Kettle")

    with pytest.raises(Unavailable, match="Another rebuild"):
        shop.rebuild(dying())
    assert page(shop).total == 3
    assert ids(shop, "kettle") == []
    assert all(
        "building" not in alias
        for at in engine.indices.get_alias(index=f"{prefix}*").values()
        for alias in at["aliases"]
    )
    put(shop, doc("post:after", "Kettle"))
    assert ids(shop, "kettle") == ["post:after"]


@needs_engine
def test_what_another_process_applies_during_a_rebuild_is_not_lost(
    shop: OpenSearchBackend, opened: Opened, engine: OpenSearch, prefix: str
) -> None:
    other = opened(URL, prefix=prefix, patience=PATIENCE)

    def documents() -> Iterator[Document]:
        yield from SHOP[:3]
        other.apply([Delete(SHOP[0].id), Delete(SHOP[3].id), Upsert(doc(SHOP[1].id, "Teapot", version=8))])
        yield SHOP[0]  # what the rebuild read before that comes too late, in the same batch and after
        yield SHOP[1]
        yield from SHOP[3:]

    assert shop.rebuild(documents()) == len(SHOP) - 2
    assert SHOP[0].id not in dict(shop.versions())
    assert SHOP[3].id not in dict(shop.versions())
    assert ids(shop, "teapot") == [SHOP[1].id]
    left = engine.search(index=prefix, body={"query": {"term": {"kind": "deleted"}}})
    assert left["hits"]["total"]["value"] == 0


@needs_engine
def test_nothing_applied_is_lost_while_indexes_are_swapped(
    shop: OpenSearchBackend, opened: Opened, prefix: str
) -> None:
    """Writes go on, one by one, over six rebuilds that do not know of them."""
    other = opened(URL, prefix=prefix, patience=PATIENCE)
    truth: dict[str, int] = {}
    done = threading.Event()
    wrong: list[object] = []

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            truth[f"post:{number}"] = number  # first the database, then the index
            truth.pop(f"post:{number - 3}", None)
            try:
                other.apply([Upsert(doc(f"post:{number}", "Kettle", version=number)), Delete(f"post:{number - 3}")])
            except Exception as error:  # noqa: BLE001
                wrong.append(error)
                return

    thread = threading.Thread(target=write)

    def documents() -> Iterator[Document]:
        """What the database would say at that moment."""
        yield from SHOP
        yield from [doc(key, "Kettle", version=version) for key, version in dict(truth).items()]

    thread.start()
    for _ in range(6):
        shop.rebuild(documents())
    done.set()
    thread.join()
    assert wrong == []
    assert dict(shop.versions()) == {document.id: 1 for document in SHOP} | truth


@needs_engine
def test_no_search_fails_or_shrinks_while_indexes_are_swapped(
    shop: OpenSearchBackend, opened: Opened, prefix: str
) -> None:
    other = opened(URL, prefix=prefix, patience=PATIENCE)
    done = threading.Event()
    wrong: list[object] = []
    asked = [0, 0, 0]

    def search(at: int) -> None:
        last = 0
        while not done.is_set():
            try:
                found = page(shop, ("headphones", "zyxwvu bose", "")[at])
                if found.total != (3, 1, len(SHOP))[at] or found.generation < last:
                    wrong.append((at, found))
                last = found.generation
                asked[at] += 1
            except Exception as error:  # noqa: BLE001
                wrong.append(error)

    threads = [threading.Thread(target=search, args=(at,)) for at in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(6):
        other.rebuild(SHOP)
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert min(asked) > 0


@needs_engine
def test_many_documents_are_sent_in_pieces(backend: OpenSearchBackend) -> None:
    count = 2 * BULK_DOCUMENTS + 7
    backend.apply([Upsert(doc(f"post:{n}", f"Tea {n}")) for n in range(count)])
    assert page(backend, "tea", limit=1).total == count
    assert backend.rebuild(doc(f"post:{n}", f"Tea {n}", version=2) for n in range(count)) == count
    assert dict(backend.versions()) == {f"post:{n}": 2 for n in range(count)}


@needs_engine
def test_all_versions_are_read_in_pieces(backend: OpenSearchBackend) -> None:
    backend.rebuild(doc(f"post:{n}", "Tea", version=n) for n in range(5_003))
    assert dict(backend.versions()) == {f"post:{n}": n for n in range(5_003)}


@needs_engine
def test_a_page_further_down_than_is_kept_is_empty(shop: OpenSearchBackend) -> None:
    for sort in SORTS:
        found = page(shop, "headphones", offset=10**9, sort=sort, currency="USD")
        assert (found.hits, found.total) == ((), 3)
    assert page(shop, "", offset=10**9).total == len(SHOP)


@needs_engine
def test_two_prefixes_do_not_see_each_other(
    shop: OpenSearchBackend, opened: Opened, engine: OpenSearch, prefix: str
) -> None:
    near = opened(URL, prefix=f"{prefix}-0", patience=PATIENCE)
    assert near.ensure()
    put(near, doc("post:near", "Headphones nearby"))
    assert ids(near, "headphones") == ["post:near"]
    for backend in (shop, near, shop):
        backend.rebuild([doc("post:one", "Headphones")])
    assert ids(near, "headphones") == ids(shop, "headphones") == ["post:one"]
    engine.indices.delete_index_template(name=f"{prefix}-0")


@needs_engine
def test_a_dead_node_in_the_address_is_passed_over(shop: OpenSearchBackend, opened: Opened, prefix: str) -> None:
    backend = opened(f"{nobody()},{URL},{nobody()}", prefix=prefix, patience=PATIENCE)
    for _ in range(20):
        assert ids(backend, "quietcomfort") == ["product:qc"]
    put(backend, doc("post:new", "Kettle"))
    assert ids(backend, "kettle") == ["post:new"]


@needs_engine
def test_a_silent_node_in_the_address_is_passed_over(shop: OpenSearchBackend, opened: Opened, prefix: str) -> None:
    with Stub(lambda _path, _body: None) as stub:
        backend = opened(f"{stub.url},{URL}", prefix=prefix, patience=2.0)
        for _ in range(10):
            assert ids(backend, "quietcomfort") == ["product:qc"]
        assert len(stub.paths) <= 2, "a silent node is asked every time"


def forwarded(path: str, body: bytes) -> tuple[int, object]:
    """What the real engine answers."""
    request = urllib.request.Request(f"{URL}{path}", body or None, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status, json.load(answer)


@needs_engine
def test_only_what_is_not_known_costs_more_questions(opened: Opened, prefix: str) -> None:
    with Stub(forwarded) as stub:
        opened(URL, prefix=prefix).rebuild(doc(f"post:{n}", f"Quiet headphones {n}") for n in range(12))
        asked = opened(stub.url, prefix=prefix, patience=PATIENCE)
        page(asked, "headphones")  # looks at the mapping and at the extremes, once

        def questions(text: str) -> list[str]:
            stub.paths.clear()
            assert page(asked, text, facets=FACETS).total == 12
            return [path.rpartition("/")[2] for path in stub.paths]

        assert questions("headphones") == ["_msearch"]
        assert questions("quiet headphones") == ["_msearch"]
        assert questions("hedphones") == ["_msearch", "_termvectors", "_msearch", "_msearch"]
        assert questions("qiuet hedphones") == ["_msearch", "_termvectors", "_msearch"], "the vocabulary is kept"


@needs_engine
def test_what_another_process_took_away_is_no_correction(opened: Opened, prefix: str) -> None:
    backend, other = (opened(URL, prefix=prefix, patience=PATIENCE) for _ in range(2))
    backend.rebuild([doc("post:secret", "The zirconium plan"), doc("post:other", "Something else")])
    assert page(backend, "zirconum").corrected == "zirconium"
    other.apply([Delete("post:secret")])
    found = page(backend, "zirconum")
    assert (found.corrected, found.offered, found.total) == ("", "", 0)


@needs_engine
def test_a_vocabulary_that_takes_too_long_is_done_without(opened: Opened, shop: OpenSearchBackend, prefix: str) -> None:
    def slow(path: str, body: bytes) -> tuple[int, object] | None:
        return None if b'"field": "written"' in body else forwarded(path, body)

    with Stub(slow) as stub:
        backend = opened(stub.url, prefix=prefix, patience=4.0)
        found = page(backend, "bose hedphones")
        assert ([hit.id for hit in found.hits], found.loosened, found.corrected) == (["product:qc"], True, "")
        stub.paths.clear()
        assert page(backend, "bose hedphones").hits == found.hits
        assert len(stub.paths) == 3, "it is asked for again at once"


QUERIES = (
    "headphones",
    "sony headphones",
    "what are the headphones of bose",
    "wh1000 xm5",
    "wireless noise flights cable",
    "usb-c cable 2 m",
    "降噪耳机",
    "耳机 旅行 购买",
    "机耳荐推",
    '"noise cancelling" flights',
    "headphones -sony",
    "-headphones",
    "4548736132566",
    "ada",
    "travel guide zyxwv",
    "tea " * 40 + "headphones",
    "",
)


EARBUDS = (Synonym("earbuds", ("耳机", "headphones")), Synonym("phone cover", ("手机壳",)))
OTHERWISE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("wirless hedphones", {}),
    ("wirless hedphones", {"verbatim": True}),
    ("HEADHPONES travel", {"kinds": ("post",)}),
    ("bose qietcomfort zyxwv", {}),
    ("the hedphones of soni", {"in_stock": True}),
    ("shoujike", {}),
    ("sjk", {}),
    ("jiangzao erji", {}),
    ("jiangzao bose", {}),
    ("手機殼", {}),
    ("耳機 推薦", {"langs": ("zh",)}),
    ("earbuds", {"synonyms": EARBUDS, "kinds": ("product",)}),
    ("耳机", {"synonyms": EARBUDS}),
    ("bose earbuds", {"synonyms": EARBUDS}),
    ("sony earbuds wireless travel", {"synonyms": EARBUDS}),
    ("phone cover", {"synonyms": EARBUDS}),
    ("cover phone", {"synonyms": EARBUDS}),
    ("sony", {"brands": ("SONY", "apple")}),
    ("", {"brands": ("Sony",), "topics": ("phones",), "kinds": ("product",)}),
    ("", {"merchants": ("jd",), "ways": ("elsewhere",)}),
    ("", {"published_from": TODAY - 10 * DAY, "langs": ("en",)}),
    ("headphones", {"currency": "USD", "price_from": 20_000, "price_to": 41_000}),
    ("sony headphones", {"creators": ("ada",), "topics": ("travel", "audio")}),
    ("-sony", {"brands": ("Bose", "Anker")}),
    ("!!!", {"brands": ("Bose",)}),
)


@pytest.fixture(scope="module")
def both(engine: OpenSearch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SearchBackend, SearchBackend]]:
    """The same documents in OpenSearch and in Whoosh; only asked, so one pair serves all queries."""
    with a_prefix(engine) as name:
        ours = OpenSearchBackend(URL, prefix=name, patience=PATIENCE)
        theirs = WhooshSearchBackend(tmp_path_factory.mktemp("whoosh"))
        for backend in (ours, theirs):
            backend.rebuild([*SHOP, CASE, BUDS])
        yield ours, theirs
        ours.close()
        theirs.close()


def told(found: SearchPage) -> dict[str, object]:
    """All that two engines have to agree on."""
    return {
        "ids": [hit.id for hit in found.hits],
        "total": found.total,
        "kinds": dict(found.kinds),
        "terms": found.terms,
        "loosened": found.loosened,
        "facets": {facet: list(values.items()) for facet, values in found.facets.items()},
        "corrected": found.corrected,
        "offered": found.offered,
    }


@needs_engine
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("text", QUERIES)
def test_both_engines_answer_the_same(both: tuple[SearchBackend, SearchBackend], text: str, sort: Sort) -> None:
    ours, theirs = (page(backend, text, sort=sort, currency="USD") for backend in both)
    assert told(ours) == told(theirs)


@needs_engine
@pytest.mark.parametrize(("text", "more"), [*((text, {}) for text in QUERIES), *OTHERWISE])
def test_both_engines_count_correct_and_explain_the_same(
    both: tuple[SearchBackend, SearchBackend], text: str, more: dict[str, Any]
) -> None:
    counted = {"facets": FACETS, "price_edges": (5_000, 40_000), "ages": (TODAY - 7 * DAY, TODAY - 35 * DAY)}
    ours, theirs = (page(backend, text, **{"currency": "CNY", **counted, **more}, explain=True) for backend in both)
    assert told(ours) == told(theirs)
    for mine, other in zip(ours.hits, theirs.hits, strict=True):
        assert mine.parts.keys() == other.parts.keys()
        for name in mine.parts.keys() - {"text"}:  # its scale is the engine's own
            assert mine.parts[name] == pytest.approx(other.parts[name]), (mine.id, name)
