"""The benchmark of relevance runs, and the smallest judged set reaches its goal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data" / "search"
COMMAND = ROOT / "benchmarks" / "relevance.py"


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(COMMAND), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=110,
    )
    return done.stdout


def test_without_data_it_says_so(tmp_path: Path) -> None:
    assert run(str(tmp_path)).startswith("skipped: no judged queries in ")


@pytest.mark.skipif(not (DATA / "eval.py").exists(), reason="the judged queries of ../shared are not here")
def test_cranfield_reaches_its_goal() -> None:
    lines = run(str(DATA), "--sets", "cranfield-en").splitlines()
    assert lines[1].startswith("cranfield-en  dev: 1400 documents")
    assert "ndcg@10: 0.489" in lines[-1]
    assert "NOT REACHED" not in lines[-1]
