"""The one callable that a server runs: `uvicorn crm.server:application`.

Streams live in the event loop. Pages run in a fixed pool of threads, so that each thread keeps its
database connection: the number of connections is that of the threads, however many browsers come.

Few threads, because a page is mostly Python and only one thread at a time runs it: with eight, eight people at once
got half as many boards in a second as with two. Who has more processors starts more processes.
"""

import gc
import os
from typing import Any, cast

from a2wsgi import WSGIMiddleware

from crm.asgi import application as streams
from crm.wsgi import application as wsgi

THREADS = int(os.environ.get("WEB_THREADS", "4"))

# A page makes a hundred thousand objects and drops them at once: looking through all that stays, the modules
# and their classes, each time a few hundred are new would cost a tenth of its time.
gc.freeze()
gc.set_threshold(10_000, 10, 10)

pages: Any = WSGIMiddleware(cast("Any", wsgi), workers=THREADS)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Route one connection by its path."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"].startswith("/events/"):
        await streams(scope, receive, send)
    elif scope["type"] == "http":
        await pages(scope, receive, send)
    else:
        await send({"type": "websocket.close"})


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
