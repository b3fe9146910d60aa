"""OpenSearch: the contract on a real one, and what a network and a cluster can do.

    python tools/opensearch.py -- .venv/bin/python -m pytest tests/contracts/test_opensearch.py
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch

from contentshop.search.backends.opensearch import OpenSearchBackend, hosts_of
from contentshop.search.port import SearchBackend
from tests.contracts.search_contract import SearchBackendContract

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


@pytest.fixture
def prefix(engine: OpenSearch) -> Iterator[str]:
    """A name that nothing else has; all that was made under it is removed."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name
    engine.indices.delete(index=f"{name}*", ignore=404)
    engine.indices.delete_index_template(name=name, ignore=404)


@pytest.fixture
def backend(prefix: str) -> Iterator[OpenSearchBackend]:
    backend = OpenSearchBackend(URL, prefix=prefix, patience=PATIENCE)
    assert backend.ensure()
    yield backend
    backend.close()


@needs_engine
class TestContract(SearchBackendContract):
    @pytest.fixture
    def backend(self, prefix: str) -> Iterator[SearchBackend]:
        backend = OpenSearchBackend(URL, prefix=prefix, patience=PATIENCE)
        assert backend.ensure()
        yield backend
        backend.close()
