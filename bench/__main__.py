"""Fill, start, measure, print."""

import os
import statistics
import sys
from dataclasses import dataclass, field

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
django.setup()

from django.db import connection  # noqa: E402 - after the setup, like all that follow
from django.test import Client as InProcess  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from bench.clients import Client, Request, Sample, many_at_once, one_after_another  # noqa: E402
from bench.operations import Operation, bare, operations  # noqa: E402
from bench.seed import World, fill  # noqa: E402
from bench.servers import Server, serving  # noqa: E402
from crm.devstack import environment  # noqa: E402

SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
ROUNDS = int(os.environ.get("ROUNDS", "3"))
TIMES = int(os.environ.get("TIMES", "40"))
LOAD_SECONDS = float(os.environ.get("LOAD_SECONDS", "4"))
CLIENTS = 8


@dataclass
class Measured:
    """One operation over all rounds, each beside R of the same round."""

    operation: Operation
    queries: int
    samples: list[Sample] = field(default_factory=list)
    floors: list[Sample] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    floor_rates: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        return [sample.median / floor.median for sample, floor in zip(self.samples, self.floors, strict=True)]


def main() -> None:
    size = os.environ.get("SIZE", "100k")
    if size not in SIZES:
        sys.exit(f"SIZE is one of {', '.join(SIZES)}, not {size!r}.")
    python = environment.production()
    world = fill(SIZES[size])
    with (
        serving("bench.bare_server:application", "/", python=python) as floor,
        serving("crm.server:application", "/accounts/login/", python=python) as kontor,
    ):
        everything = [Measured(operation, queries_of(operation)) for operation in operations(world)]
        for number in range(ROUNDS):
            print(f"round {number + 1} of {ROUNDS} …", flush=True)
            for measured in everything:
                take(measured, kontor, floor, world)
        report(size, everything, kontor, floor)


def queries_of(operation: Operation) -> int:
    """Statements of one request, the second one: the first fills what a process remembers."""
    for _warm in range(2):
        request = operation.request()
        with CaptureQueriesContext(connection) as captured:
            ask_in_process(request)
    return sum(not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")) for query in captured)


def ask_in_process(request: Request) -> None:
    headers = {name: value for name, value in request.headers.items() if name != "Content-Type"}
    answer = InProcess().generic(
        request.method, request.path, request.body, content_type="application/json", headers=headers
    )
    if answer.status_code != request.expect:
        sys.exit(f"{request.method} {request.path} answered {answer.status_code}: {answer.content[:300]!r}")


def take(measured: Measured, kontor: Server, floor: Server, world: World) -> None:
    """One round of one operation: one client, then eight."""
    request, lowest = measured.operation.request, bare(world)
    pairs = [(Client(kontor), request), (Client(floor), lowest)]
    one_after_another(pairs, 3)
    sample, floor_sample = one_after_another(pairs, TIMES)
    measured.samples.append(sample)
    measured.floors.append(floor_sample)
    measured.rates.append(many_at_once(kontor, request, clients=CLIENTS, seconds=LOAD_SECONDS))
    measured.floor_rates.append(many_at_once(floor, lowest, clients=CLIENTS, seconds=LOAD_SECONDS))


def report(size: str, everything: list[Measured], kontor: Server, floor: Server) -> None:
    floors = [sample for measured in everything for sample in measured.floors]
    print(f"\n{size} deals, {ROUNDS} rounds of {TIMES} requests, then {CLIENTS} clients for {LOAD_SECONDS:.0f} s")
    print(f"R: p50 {statistics.median(sample.median for sample in floors):.1f} ms\n")
    columns = f"{'':<34}{'p50':>7}{'p95':>7}{'p99':>7}{'req/s':>8}{'queries':>9}{'kB':>7}{'÷ R':>7}  {'range':<12}goal"
    print(columns)
    for measured in everything:
        print(line(measured))
    print(f"\ncold start to first page: {kontor.started_in:.2f} s (bare {floor.started_in:.2f} s)")
    print(f"memory of the web process: {kontor.memory:.0f} MiB (bare {floor.memory:.0f} MiB)")


def line(measured: Measured) -> str:
    whole = Sample([second for sample in measured.samples for second in sample.seconds])
    ratios = sorted(measured.ratios)
    ratio, operation = statistics.median(ratios), measured.operation
    missed = (operation.goal and ratio > operation.goal) or (operation.cap and measured.queries > operation.cap)
    return (
        f"{operation.name:<34}{whole.median:7.1f}{whole.percentile(0.95):7.1f}{whole.percentile(0.99):7.1f}"
        f"{statistics.median(measured.rates):8.0f}{measured.queries:9}{measured.samples[-1].size / 1000:7.0f}"
        f"{ratio:7.1f}  {f'{ratios[0]:.1f}–{ratios[-1]:.1f}':<12}"
        f"≤ {operation.goal}, {operation.cap} queries{'  MISSED' if missed else ''}"
    )


if __name__ == "__main__":
    main()
