"""A real OpenSearch on this machine, for tests and for trying it out; nothing of it is left behind.

    python tools/opensearch.py                        start one node, print its address, stop on Ctrl+C
    python tools/opensearch.py --nodes 2              a cluster of two
    python tools/opensearch.py -- pytest tests/…      run a command with CONTENTSHOP_TEST_OPENSEARCH_URL, then stop

It needs Java 17 or newer and Maven (Debian: ``openjdk-17-jre-headless`` and ``maven``). Maven fetches OpenSearch's
minimal distribution and the one module of the usual distribution that the product needs, once; they stay in
Maven's own store. OpenSearch refuses to run as root, so root starts it as ``nobody``. It listens on 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

VERSION = "2.19.3"
DISTRIBUTION = f"org.opensearch.distribution.integ-test-zip:opensearch:{VERSION}:zip"
ANALYSIS = f"org.opensearch.plugin:analysis-common:{VERSION}"
HEAP = "512m"
READY_WITHIN = 180.0  # seconds; a busy machine takes its time
STOPS_WITHIN = 30.0
USER, GROUP = "nobody", "nogroup"
URL_VARIABLE = "CONTENTSHOP_TEST_OPENSEARCH_URL"

# The minimal distribution is made for plugins' own tests and leaves the usual modules out.
DESCRIPTOR = f"""\
description=Adds "built in" analyzers to OpenSearch.
version={VERSION}
opensearch.version={VERSION}
name=analysis-common
classname=org.opensearch.analysis.common.CommonAnalysisPlugin
java.version=11
has.native.controller=false
"""

# Small, and compiled quickly rather than well: tests are short.
JVM_OPTIONS = f"""\
-Xms{HEAP}
-Xmx{HEAP}
-XX:+UseSerialGC
-XX:TieredStopAtLevel=1
18-:-Djava.security.manager=allow
"""

LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] [%node_name] %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


class StartError(Exception):
    """OpenSearch could not be started; the message says why."""


def missing() -> str:
    """What this machine lacks to run it, "" when nothing."""
    lacking = [name for name in ("java", "mvn") if not shutil.which(name)]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


def java_home() -> Path:
    """The folder of the Java that ``java`` starts."""
    return Path(shutil.which("java") or "java").resolve().parent.parent


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Node:
    """One OpenSearch process."""

    def __init__(self, cluster: Cluster, number: int, port: int, transport: int) -> None:
        self.name = f"node{number}"
        self.url = f"http://127.0.0.1:{port}"
        self._cluster = cluster
        self._port, self._transport = port, transport
        self._folder = cluster.folder / self.name
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, seeds: Sequence[int]) -> None:
        """Start the process; the first node of a cluster manages it."""
        config = self._folder / "config"
        config.mkdir(parents=True)
        first = self.name == "node1"
        settings = {
            "cluster.name": self._cluster.folder.name,
            "node.name": self.name,
            "node.roles": ["cluster_manager", "data", "ingest"] if first else ["data", "ingest"],
            "cluster.initial_cluster_manager_nodes": ["node1"] if first else [],
            "discovery.seed_hosts": [f"127.0.0.1:{port}" for port in seeds],
            "network.host": "127.0.0.1",
            "http.port": self._port,
            "transport.port": self._transport,
            "path.data": str(self._folder / "data"),
            "path.logs": str(self._folder / "logs"),
            "cluster.routing.allocation.disk.threshold_enabled": False,
            "node.store.allow_mmap": False,
        }
        (config / "opensearch.yml").write_text("".join(f"{key}: {json.dumps(at)}\n" for key, at in settings.items()))
        (config / "jvm.options").write_text(JVM_OPTIONS)
        (config / "log4j2.properties").write_text(LOGGING)
        self._give_away(self._folder)
        self.resume()

    def resume(self) -> None:
        """Start it again on its data."""
        # A bare environment: another program's Java options would reach it too.
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._folder),
            "OPENSEARCH_JAVA_HOME": str(java_home()),
            "OPENSEARCH_PATH_CONF": str(self._folder / "config"),
        }
        someone: dict[str, object] = {"user": USER, "group": GROUP, "extra_groups": []} if os.geteuid() == 0 else {}
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(self._cluster.home / "bin" / "opensearch")],
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **someone,  # type: ignore[call-overload]
            )

    @property
    def log(self) -> Path:
        return self._cluster.folder / f"{self.name}.log"

    @staticmethod
    def _give_away(folder: Path) -> None:
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, USER, GROUP)

    def wait_ready(self, nodes: int, until: float) -> None:
        """Wait until it answers as one of so many nodes. Raises StartError."""
        address = f"{self.url}/_cluster/health?wait_for_nodes=%3E%3D{nodes}&timeout=5s"
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(address, timeout=10) as answer:
                    if not json.load(answer)["timed_out"]:
                        return
            except (OSError, urllib.error.URLError, ValueError):
                time.sleep(0.3)
        raise StartError(f"OpenSearch did not start:\n{self.log.read_text(errors='replace')[-4000:]}")

    def pause(self) -> None:
        """Let it hang: connections stay open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a pause."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without warning."""
        self._signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> None:
        """End it in an orderly way; kill it when it takes too long."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        self._wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def _wait(self) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()


class Cluster:
    """Some nodes that know each other, in a temporary folder; a context manager."""

    def __init__(self, nodes: int = 1) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="contentshop-opensearch-"))
        self.folder.chmod(0o755)
        self.home = self.folder / f"opensearch-{VERSION}"
        ports = free_ports(2 * nodes)
        self._seeds = ports[nodes:]
        self.nodes = [Node(self, at + 1, ports[at], ports[nodes + at]) for at in range(nodes)]

    @property
    def url(self) -> str:
        """The addresses of all nodes, as ``CONTENTSHOP_SEARCH_URL`` takes them."""
        return ",".join(node.url for node in self.nodes)

    def __enter__(self) -> Cluster:
        try:
            self._unpack()
            for node in self.nodes:
                node.start(self._seeds)
            until = time.monotonic() + READY_WITHIN
            for node in self.nodes:
                node.wait_ready(len(self.nodes), until)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop all nodes and remove their data."""
        for node in reversed(self.nodes):
            node.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _unpack(self) -> None:
        if missing():
            raise StartError(missing())
        parts = self.folder / "parts"
        for artifact in (DISTRIBUTION, ANALYSIS):
            fetch(artifact, parts)
        (archive,) = parts.glob("opensearch-*.zip")
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(self.folder)
        module = self.home / "modules" / "analysis-common"
        module.mkdir()
        shutil.move(str(next(parts.glob("analysis-common-*.jar"))), module)
        (module / "plugin-descriptor.properties").write_text(DESCRIPTOR)
        for program in (self.home / "bin").iterdir():
            program.chmod(0o755)
        (self.home / "plugins").mkdir(exist_ok=True)
        shutil.rmtree(parts)


def fetch(artifact: str, folder: Path) -> None:
    """Copy an artifact from Maven's store, which asks its registry when it does not have it. Raises StartError."""
    command = ["mvn", "--batch-mode", "--quiet", "dependency:copy"]
    command += [f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
    # From the store alone first: that works without a network.
    for offline in (["--offline"], []):
        done = subprocess.run([*command, *offline], cwd=folder.parent, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
    raise StartError(f"Maven cannot get {artifact}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--nodes", type=int, default=1, help="how many nodes (default 1)")
    parser.add_argument("command", nargs="*", help="a command to run beside it, after --")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with Cluster(options.nodes) as cluster:
            if options.command:
                return subprocess.call(options.command, env=os.environ | {URL_VARIABLE: cluster.url})
            print(cluster.url, flush=True)
            signal.pause()
    except StartError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
