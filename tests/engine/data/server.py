"""A web server on this machine that misbehaves as it is told to, for the tests of downloads."""

import http.server
import re
import threading


class Server(http.server.ThreadingHTTPServer):
    """Serves `contents[path]`, else `content`; the fields say how badly. Keeps what was asked for in `asked`."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = content
        self.contents: dict[str, bytes] = {}
        self.status = 200
        self.location: str | None = None
        self.knows_ranges = True
        self.answers_range_from: int | None = None  # another start than was asked for
        self.cuts = 0  # how many answers break off in the middle
        self.stalls_after: int | None = None  # bytes
        self.says_length = True
        self.asked: list[tuple[str, str | None]] = []
        self.stalled, self.released = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/file"

    def handle_error(self, request, client_address):
        """A client that hangs up is what some of the tests are about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        server = self.server
        wanted = self.headers.get("Range")
        server.asked.append((self.path, wanted))
        if server.location and self.path == "/file":
            self.send_response(302)
            self.send_header("Location", server.location)
            self.end_headers()
            return
        if server.status != 200:
            self.send_error(server.status)
            return
        content = server.contents.get(self.path, server.content)
        start, size = 0, len(content)
        if wanted and server.knows_ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
            if start >= size:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{size}")
                self.end_headers()
                return
            if server.answers_range_from is not None:
                start = server.answers_range_from
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        else:
            self.send_response(200)
        body = content[start:]
        if server.says_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if server.cuts:
            server.cuts -= 1
            self.wfile.write(body[: len(body) // 2])
        elif server.stalls_after is not None:
            self.wfile.write(body[: server.stalls_after])
            self.wfile.flush()
            server.stalled.set()
            server.released.wait(30)
        else:
            self.wfile.write(body)

    def log_message(self, format, *args):
        """Tests speak for themselves."""
