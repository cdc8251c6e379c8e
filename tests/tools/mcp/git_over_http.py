"""Serves the published mcp-server-git over streamable HTTP, and prints the port it took.

Its own command line speaks stdio only; the server object and the transport are the real ones.
Arguments: the repository, and optionally a bearer token without which a request is refused.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn
from mcp_server_git.server import create_server
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


def guarded(app: ASGIApp, token: str) -> ASGIApp:
    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and Request(scope).headers.get("authorization") != f"Bearer {token}":
            await Response(status_code=401)(scope, receive, send)
        else:
            await app(scope, receive, send)

    return guard


def main(repository: str, token: str = "") -> None:
    app: ASGIApp = create_server(Path(repository)).streamable_http_app()
    taken = socket.create_server(("127.0.0.1", 0))
    print(taken.getsockname()[1], flush=True)
    config = uvicorn.Config(guarded(app, token) if token else app, log_level="warning")
    uvicorn.Server(config).run(sockets=[taken])


if __name__ == "__main__":
    main(*sys.argv[1:])
