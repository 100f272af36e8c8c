"""The server of one page: on the loopback interface, behind a random token, and nothing else."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from uvicorn import Config, Server

from stagegraph.errors import OptionsError, StagegraphError
from stagegraph.formats.html.assembly import as_data
from stagegraph.live.drawn import Drawn, LiveFile, other_drawing, redrawn
from stagegraph.live.watching import changes

HOST = "127.0.0.1"
_MOST_KEPT = 100  # other drawings of one version of the page
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",  # the page has a stricter policy for the rest
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class LivePage:
    """The page of one build: draws it when a file changes, and tells the browsers that show it."""

    def __init__(self, file: LiveFile, drawn: Drawn) -> None:
        self.file, self.drawn = file, drawn
        self.ended = anyio.Event()
        self._news = anyio.Event()
        self._others: dict[str, str | None] = {}  # drawings that a page asked for, by name
        self._drawing = anyio.Lock()  # one drawing at a time, however many pages ask

    async def follow(self) -> None:
        """Draw the page after each change of the files; returns after ``end``."""
        async for _ in changes(lambda: self.drawn.read, self.ended):
            self.drawn = await anyio.to_thread.run_sync(
                redrawn, self.drawn, self.file, abandon_on_cancel=True
            )
            self._others = {}
            self._tell()

    async def other_drawing(self, version: str, name: str) -> str | None:
        """The drawing ``name`` for the page ``version``, as JSON; None for another version or name."""
        async with self._drawing:
            drawn, others = self.drawn, self._others
            if version != drawn.version:
                return None
            if name not in others:
                text = await anyio.to_thread.run_sync(
                    other_drawing, drawn, self.file, name, abandon_on_cancel=True
                )
                if text is None:
                    return None
                if len(others) >= _MOST_KEPT:
                    others.clear()
                others[name] = text
            return others[name]

    async def events(self) -> AsyncIterator[str]:
        """Events of a browser: the version and the error of now, and again after each change.

        Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
        """
        told: Drawn | None = None
        while not self.ended.is_set():
            news = self._news
            if self.drawn != told:
                told = self.drawn
                yield f"data: {as_data({'version': told.version, 'error': told.error})}\n\n"
            else:
                await news.wait()

    def end(self) -> None:
        """End what follows the file and every stream of events."""
        self.ended.set()
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, anyio.Event()
        news.set()


def application(live: LivePage, token: str) -> Starlette:
    """The page at ``/TOKEN/``, its events and its other drawings; every other address is not found.

    Requests for another host are refused: a page of another site whose name resolves to this machine (DNS
    rebinding) sends the name of that site.
    """

    def check(request: Request) -> None:
        given = request.path_params["token"].encode("utf-8", "replace")
        if not secrets.compare_digest(given, token.encode()):
            raise HTTPException(404, headers=_HEADERS)

    async def page(request: Request) -> Response:
        check(request)
        return Response(live.drawn.page, media_type="text/html", headers=_HEADERS)

    async def events(request: Request) -> Response:
        check(request)
        return StreamingResponse(live.events(), media_type="text/event-stream", headers=_HEADERS)

    async def drawing(request: Request) -> Response:
        check(request)
        query = request.query_params
        try:
            text = await live.other_drawing(query.get("version", ""), query.get("name", ""))
        except StagegraphError as error:
            return Response(str(error), 503, media_type="text/plain", headers=_HEADERS)
        if text is None:
            raise HTTPException(404, headers=_HEADERS)
        return Response(text, media_type="application/json", headers=_HEADERS)

    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"], www_redirect=False)
    routes = [Route("/{token}/", page), Route("/{token}/events", events), Route("/{token}/drawing", drawing)]
    result = Starlette(routes=routes, middleware=[hosts])
    result.router.redirect_slashes = False
    return result


class _Server(Server):
    """Ends the streams of events before it waits for its connections."""

    def __init__(self, config: Config, live: LivePage) -> None:
        super().__init__(config)
        self.live = live

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.live.end()
        await super().shutdown(sockets)


def listening(port: int) -> socket.socket:
    """A socket that listens on ``port`` of the loopback interface, 0 for a free one.

    Raises OptionsError if another program has the port, or it may not be used.
    """
    result = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere this would let two programs have the same port
            result.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        result.bind((HOST, port))
        result.listen()
    except OSError as error:
        result.close()
        reason = (error.strerror or str(error)).lower()
        raise OptionsError(
            f"cannot listen on port {port}: {reason}",
            hint="choose another port with --port, or leave out --port for a free one",
        ) from None
    return result


def address_of(listener: socket.socket, token: str) -> str:
    """The address of the page."""
    return f"http://{HOST}:{listener.getsockname()[1]}/{token}/"


def serve(listener: socket.socket, token: str, file: LiveFile, drawn: Drawn) -> None:
    """Serve the page of ``file``, first ``drawn``, until Ctrl+C, which raises KeyboardInterrupt."""
    anyio.run(_serve, listener, token, file, drawn)


async def _serve(listener: socket.socket, token: str, file: LiveFile, drawn: Drawn) -> None:
    live = LivePage(file, drawn)
    config = Config(
        application(live, token),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(live.follow)
        await _Server(config, live).serve(sockets=[listener])
        tasks.cancel_scope.cancel()
