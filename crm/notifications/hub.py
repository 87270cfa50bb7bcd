"""The messages of the live channel, handed to the browsers of this process: one subscription for all of them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import structlog
from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from crm.notifications.live import CHANNEL, END, LOOK, mark

log = structlog.get_logger(__name__)

PING_SECONDS = 20
RETRY_MILLISECONDS = 3000
WAITING_MESSAGES = 32
RECONNECT_SECONDS = 2
HEARING_SECONDS = 2

# None ends the stream.
Queue = asyncio.Queue[str | None]


class Hub:
    """Reads the channel while at least one browser listens."""

    def __init__(self) -> None:
        self.listeners: dict[Queue, int] = {}
        self.reader: asyncio.Task[None] | None = None
        self.hears = asyncio.Event()

    def join(self, user_id: int) -> Queue:
        queue = Queue(WAITING_MESSAGES)
        self.listeners[queue] = user_id
        if self.reader is None or self.reader.done():
            self.reader = asyncio.get_running_loop().create_task(self._read_forever())
        return queue

    def leave(self, queue: Queue) -> None:
        self.listeners.pop(queue, None)
        if not self.listeners and self.reader:
            self.reader.cancel()
            self.reader = None

    def hand_out(self, message: dict[str, Any]) -> None:
        """A browser that does not keep up misses messages; the ones it has make it fetch anyway."""
        if message["event"] == END:
            self.end(message["user"])
            return
        text = _text(message["event"], message["data"])
        for queue, user_id in self.listeners.items():
            if message.get("user", user_id) == user_id:
                with suppress(asyncio.QueueFull):
                    queue.put_nowait(text)

    def end(self, of: int | None = None) -> None:
        """The streams of one person end, or all; browsers come back by themselves and are asked who they are."""
        for queue, user_id in self.listeners.items():
            if of is None or user_id == of:
                while queue.full():
                    queue.get_nowait()
                queue.put_nowait(None)

    async def _read_forever(self) -> None:
        was_away = False
        while True:
            try:
                await self._read(was_away=was_away)
            except (RedisError, OSError) as error:
                log.warning("live_unavailable", error=str(error))
            was_away = True
            await asyncio.sleep(RECONNECT_SECONDS)
            # What was published meanwhile is lost: every page looks for itself.
            for message in LOOK:
                self.hand_out(message)

    async def _read(self, *, was_away: bool) -> None:
        async with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2) as redis, redis.pubsub() as channel:
            await channel.subscribe(CHANNEL)
            if was_away:
                self.end()  # among what was lost may be the end of one of them
            try:
                async for message in channel.listen():
                    if message["type"] == "subscribe":
                        self.hears.set()
                    elif message["type"] == "message":
                        self.hand_out(json.loads(message["data"]))
            finally:
                self.hears.clear()


def _text(event: str, data: dict[str, Any]) -> str:
    return f"event: {event}\ndata: {json.dumps(data)}\n\n"


hub = Hub()


async def events(user_id: int) -> AsyncIterator[str]:
    """Server-sent events for one browser, with a comment now and then that keeps the connection open."""
    queue = hub.join(user_id)
    try:
        with suppress(TimeoutError):  # nothing that happens from the first line on is missed, unless nobody hears
            await asyncio.wait_for(hub.hears.wait(), HEARING_SECONDS)
        yield f"retry: {RETRY_MILLISECONDS}\n\n"
        yield _text("mark", {"mark": await asyncio.to_thread(mark)})
        while True:
            try:
                text = await asyncio.wait_for(queue.get(), PING_SECONDS)
            except TimeoutError:
                text = ": ping\n\n"
            if text is None:
                return
            yield text
    finally:
        hub.leave(queue)
