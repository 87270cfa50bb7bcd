"""Clients that ask again as soon as they have their answer, and what they saw."""

import http.client
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.servers import Server


@dataclass(frozen=True)
class Request:
    """One request; `expect` is the status that counts as right."""

    path: str
    headers: dict[str, str]
    method: str = "GET"
    body: bytes = b""
    expect: int = 200


Next = Callable[[], Request]


@dataclass
class Sample:
    """Answer times in seconds of one round, and the size of the last answer in bytes."""

    seconds: list[float] = field(default_factory=list)
    size: int = 0

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def median(self) -> float:
        return 1000 * statistics.median(self.seconds)


class Client:
    """One person with one connection that stays open."""

    def __init__(self, server: Server) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def ask(self, request: Request) -> tuple[float, bytes]:
        """Seconds until the whole answer was there, and its body. Ends the bench on a wrong status."""
        began = time.perf_counter()
        self.connection.request(request.method, request.path, body=request.body or None, headers=request.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - began
        if answer.status != request.expect:
            raise SystemExit(f"{request.method} {request.path} answered {answer.status}: {body[:300]!r}")
        return took, body


def one_after_another(pairs: list[tuple[Client, Next]], times: int) -> list[Sample]:
    """A sample for each pair; the pairs take turns, so that both see the same weather."""
    samples = [Sample() for _pair in pairs]
    for _number in range(times):
        for (client, request), sample in zip(pairs, samples, strict=True):
            took, body = client.ask(request())
            sample.seconds.append(took)
            sample.size = len(body)
    return samples


def many_at_once(server: Server, request: Next, *, clients: int, seconds: float) -> float:
    """Answers per second while `clients` ask without pause."""
    until = time.perf_counter() + seconds
    counts = [0] * clients
    faults: list[BaseException] = []

    def work(number: int) -> None:
        client = Client(server)
        try:
            while time.perf_counter() < until:
                client.ask(request())
                counts[number] += 1
        except BaseException as fault:  # noqa: BLE001 - raised again below, in the thread that waits
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return sum(counts) / seconds
