"""What tests and benchmarks of the site share: a host that compresses, a browser, and what one view of a page takes."""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MAC_CHROME = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
COMPRESSED = ("text/", "application/javascript", "application/json", "image/svg+xml")
# A browser reports to those who ask before the page begins.
OBSERVE = """
window.seen = {paint: 0, shift: 0, text: 0};
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) window.seen.paint = entry.startTime;
}).observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver(list => {
  for (const entry of list.getEntries().filter(shift => !shift.hadRecentInput)) {
    const moved = entry.sources.map(({node}) => node?.nodeType === Node.ELEMENT_NODE ? node : node?.parentElement);
    window.seen.shift += entry.value;
    if (moved.some(element => !element?.closest("nav"))) window.seen.text += entry.value;
  }
}).observe({type: "layout-shift", buffered: true});
"""
SCROLL = """
async () => {
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight / 2) {
    scrollTo({top: y, behavior: "instant"});
    await new Promise(done => setTimeout(done, 40));
  }
}
"""


def browser_path(playwright: Playwright) -> str | None:
    """Return a Chromium: the one named, one on the path, or playwright's own."""
    found = [os.environ.get("UNSTUCK_CHROMIUM"), *map(shutil.which, BROWSERS)]
    found += [str(path) for path in (MAC_CHROME, Path(playwright.chromium.executable_path)) if path.exists()]
    return next((path for path in found if path), None)


def launch(playwright: Playwright) -> Browser | None:
    """Return a browser, or nothing where there is none."""
    path = browser_path(playwright)
    if path is None:
        return None
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])


@functools.lru_cache(maxsize=256)
def compressed(path: Path, changed: float) -> bytes:
    """Return a file as a host sends it."""
    return gzip.compress(path.read_bytes(), 6)


class StaticHost(http.server.SimpleHTTPRequestHandler):
    """A host of static files as they are common: it compresses what is text, and lets a connection stand."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Send a file."""
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        if not path.is_file():
            self.send_error(404)
            return
        kind = self.guess_type(path)
        squeeze = kind.startswith(COMPRESSED)
        content = compressed(path, path.stat().st_mtime) if squeeze else path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if squeeze:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # a reader who has left
            self.wfile.write(content)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine, and give its address."""
    handler = functools.partial(StaticHost, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@dataclass
class View:
    """What a page took: requests, bytes on the wire, milliseconds to its largest paint, and how far things moved.

    The shift of the text leaves out lists of contents, which unfold as one reads.
    """

    requests: int
    bytes: int
    paint: float
    shift: float
    text_shift: float
    complaints: list[str]
    foreign: list[str]


@dataclass
class Reader:
    """A page of a browser that keeps what it asked for and what it complained of."""

    context: BrowserContext
    page: Page = field(init=False)
    requests: list[Request] = field(default_factory=list)
    finished: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("requestfinished", lambda request: self.finished.append(request))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self.hear)

    def hear(self, message: ConsoleMessage) -> None:
        """Keep what the console was told as an error or a warning."""
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def foreign(self, own: str) -> list[str]:
        """Return the addresses asked for that are not the site's own."""
        urls = [request.url for request in self.requests]
        return [url for url in urls if not url.startswith((own, "data:", "blob:"))]

    def view(self, own: str) -> View:
        """Return what the page has taken so far."""
        seen = self.page.evaluate("window.seen")
        sent = [request for request in self.finished if request.url.startswith("http")]
        size = sum(request.sizes()["responseBodySize"] for request in sent)
        return View(
            len(sent), size, seen["paint"], seen["shift"], seen["text"], list(self.complaints), self.foreign(own)
        )


def visit(browser: Browser, site: str, page: str, *, slowdown: float = 1) -> tuple[View, View]:
    """Open a page with an empty cache; return what its first screen took, and what it took scrolled to its end."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    reader = Reader(context)
    reader.page.add_init_script(OBSERVE)
    if slowdown > 1:
        context.new_cdp_session(reader.page).send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    reader.page.goto(f"{site}/{page}", wait_until="networkidle")
    reader.page.wait_for_function("window.seen.paint > 0")
    reader.page.evaluate("document.fonts.ready.then(() => true)")
    first = reader.view(site)
    if slowdown > 1:
        context.close()
        return first, first
    reader.page.evaluate(SCROLL)
    reader.page.wait_for_load_state("networkidle")
    whole = reader.view(site)
    context.close()
    return first, whole
