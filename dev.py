#!/usr/bin/env python3
"""Everything a developer does, with nothing but Python 3.11+ and git on the machine.

    python3 dev.py run       make the environment, load the demo content, serve the site
    python3 dev.py test      make the environment, run the tests
    python3 dev.py check     linters, types, floor plan, tests with branch coverage
    python3 dev.py format    put the code in shape
    python3 dev.py strings   collect interface strings and compile the translations

More arguments are handed on: ``dev.py test tests/rooms -k money``.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "contentshop-stamp"
# Two processes at most: browser tests and the tests of whole servers need a core each. Each takes a run of neighbours,
# which share what is costly to set up, and helps the other when it is done.
SIDE_BY_SIDE = ("-n", "2", "--dist", "worksteal")
TOOLS = ("contentshop", "tests", "tools", "benchmarks", "dev.py")


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python meets first
        sys.exit(f"contentshop needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    command, rest = (arguments or ["help"])[0], arguments[1:]
    work = {
        "run": run,
        "test": test,
        "check": check,
        "format": format_code,
        "strings": strings,
        "install": lambda _rest: install("test"),
    }.get(command)
    if work is None:
        print(__doc__)
        return 0 if command in {"help", "-h", "--help"} else 2
    os.chdir(ROOT)
    return work(rest) or 0


def run(rest: list[str]) -> int:
    install("")
    try:
        return call(PYTHON, "-m", "contentshop.cli", "run", "--demo", *rest)
    except KeyboardInterrupt:
        return 0


def test(rest: list[str]) -> int:
    install("test")
    default = () if any(argument.startswith(("-n", "tests")) for argument in rest) else SIDE_BY_SIDE
    return call(PYTHON, "-m", "pytest", *default, *rest)


def check(rest: list[str]) -> int:
    install("test")
    steps = (
        (PYTHON, "-m", "ruff", "check", *TOOLS),
        (PYTHON, "-m", "ruff", "format", "--check", *TOOLS),
        (PYTHON, "-m", "mypy"),
        (BIN / "lint-imports",),
        (PYTHON, "-m", "pytest", *SIDE_BY_SIDE, "--cov", "--cov-report=term", *rest),
    )
    failed = [" ".join(map(str, step[:4])) for step in steps if call(*step) != 0]
    for step in failed:
        print(f"failed: {step}")
    return 1 if failed else 0


def format_code(_rest: list[str]) -> int:
    install("test")
    return call(PYTHON, "-m", "ruff", "check", "--fix", "--quiet", *TOOLS) or call(
        PYTHON, "-m", "ruff", "format", "--quiet", *TOOLS
    )


def strings(_rest: list[str]) -> int:
    install("test")
    return call(PYTHON, "tools/strings.py")


def install(extra: str) -> None:
    """Make the environment; skipped while nothing it depends on has changed."""
    wanted = hashlib.sha256()
    for name in ("setup.cfg", "constraints.txt", "pyproject.toml"):
        wanted.update((ROOT / name).read_bytes())
    stamps = STAMP.read_text().split() if STAMP.exists() else []
    mark = f"{wanted.hexdigest()}:{extra}"
    # The environment of the tests has everything that running the site needs.
    if mark in stamps or f"{wanted.hexdigest()}:test" in stamps:
        return
    if not PYTHON.exists():
        print("Making the Python environment in .venv …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    print("Installing (about half a minute) …", flush=True)
    target = f".[{extra}]" if extra else "."
    pip = [PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    done = subprocess.run([*pip, "-c", "constraints.txt", "-e", target], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit("The installation failed; see the message above. Nothing else was changed.")
    STAMP.write_text(mark)


def call(*command: object) -> int:
    return subprocess.call([str(part) for part in command], cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
