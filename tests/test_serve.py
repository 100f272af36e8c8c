"""``stagegraph serve``: files are saved while a real browser looks; requests that it must refuse."""

from __future__ import annotations

import http.client
import json
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import pytest

from stagegraph.live import watching

from .bake_projects import write
from .browser import Opened, Pages
from .conftest import ROOT
from .test_docs import blocks

FIRST = """\
FROM golang AS build
RUN make
FROM alpine AS tools
RUN true
FROM alpine AS release
COPY --from=build /out/app /usr/bin/app
COPY --from=tools /t /t
"""
BROKEN = FIRST.replace("RUN make", "COPPY a b")
_SEEN = "document.querySelector('.drawing').getAttribute('viewBox')"


@dataclass
class Served:
    """A running ``stagegraph serve`` and the Dockerfile that it follows."""

    process: subprocess.Popen[str]
    address: str
    file: Path

    def save(self, text: str) -> None:
        """Write into the file, as some editors do."""
        self.file.write_text(text, "utf-8")

    def replace(self, text: str) -> None:
        """Write another file and rename it, as other editors do."""
        other = self.file.with_name(".new")
        other.write_text(text, "utf-8")
        other.replace(self.file)

    def get(
        self, path: str = "", method: str = "GET", **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """The answer to a request of ``path`` after the token, or of an absolute ``path``."""
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(parts.netloc, timeout=10)
        whole = path if path.startswith("/") else parts.path + path
        connection.request(method, whole, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read()

    def events(self, seconds: float) -> list[dict[str, object]]:
        """The events that are told within ``seconds``."""
        parts = urlsplit(self.address)
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
            connection.sendall(f"GET {parts.path}events HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
            text, end = b"", time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                connection.settimeout(left)
                try:
                    text += connection.recv(65536)
                except TimeoutError:
                    break
        return [json.loads(line) for line in re.findall(rb"^data: (.*)$", text, re.MULTILINE)]

    def interrupt(self) -> tuple[int, str, str]:
        """The exit code, output and errors after Ctrl+C."""
        self.process.send_signal(signal.SIGINT)
        out, errors = self.process.communicate(timeout=20)
        return self.process.returncode, out, errors


@contextmanager
def serving(file: Path, *words: str, cwd: Path = ROOT) -> Iterator[Served]:
    command = [sys.executable, "-m", "stagegraph", "serve", *words]
    with subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            found = re.search(r"at (http://127\.0\.0\.1:\d+/[\w-]{20,}/)$", line.strip())
            assert found, line + (process.stderr.read() if process.stderr and not line else "")
            assert process.stdout.readline() == "Press Ctrl+C to stop\n"
            yield Served(process, found[1], file)
        finally:
            process.kill()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    file = tmp_path / "Dockerfile"
    file.write_text(FIRST, "utf-8")
    with serving(file, str(file)) as running:
        yield running


def wait_for_node(opened: Opened, label: str) -> None:
    opened.page.locator("svg.drawing g.node", has_text=label).first.wait_for()


def wait_for_error(opened: Opened, words: str) -> None:
    opened.page.locator(".live", has_text=words).wait_for()


def wait_without_error(opened: Opened) -> None:
    opened.page.locator(".live").wait_for(state="hidden")


def loads(opened: Opened, served: Served) -> int:
    return opened.requests.count(served.address)


@pytest.mark.parametrize("how", ["save", "replace"])
def test_a_saved_file_is_drawn_again(how: str, served: Served, pages: Pages) -> None:
    opened = pages.visit(served.address)
    wait_for_node(opened, "tools")
    for name in ("lint", "docs", "other"):
        getattr(served, how)(FIRST.replace("tools", name))
        wait_for_node(opened, name)
    assert loads(opened, served) == 4
    assert opened.errors == []


def test_a_directory_is_followed_to_its_dockerfile(tmp_path: Path, pages: Pages) -> None:
    (tmp_path / "Containerfile").write_text(FIRST, "utf-8")
    with serving(tmp_path / "Dockerfile", cwd=tmp_path) as served:
        opened = pages.visit(served.address)
        wait_for_node(opened, "tools")
        served.replace(FIRST.replace("tools", "lint"))  # it comes before a Containerfile
        wait_for_node(opened, "lint")


def test_an_error_is_shown_with_its_line_and_the_graph_stays(served: Served, pages: Pages) -> None:
    opened = pages.visit(served.address)
    wait_for_node(opened, "tools")
    served.replace(BROKEN)
    wait_for_error(opened, f"{served.file}:2:1: unknown instruction")
    assert "did you mean COPY?" in opened.page.inner_text(".live")
    assert "^" in opened.page.inner_text(".live pre")
    assert "that of the last version" in opened.page.inner_text(".live")
    wait_for_node(opened, "tools")
    opened.click_node("release")
    weak = {text: ratio for text, ratio in opened.contrasts().items() if ratio < 4.5}
    assert weak == {}
    served.replace(FIRST)
    wait_without_error(opened)
    assert loads(opened, served) == 1  # the graph is the one that is shown
    served.replace(BROKEN)
    wait_for_error(opened, "unknown instruction")
    served.replace(FIRST.replace("tools", "lint"))
    wait_for_node(opened, "lint")
    wait_without_error(opened)
    assert opened.errors == []


def test_a_browser_that_comes_later_gets_the_last_graph_and_the_error(served: Served, pages: Pages) -> None:
    served.replace(BROKEN)
    assert [bool(event["error"]) for event in served.events(1.5)][-1]
    opened = pages.visit(served.address)
    wait_for_error(opened, ":2:1:")
    wait_for_node(opened, "tools")


def test_a_file_that_is_broken_at_the_start_is_drawn_when_it_is_repaired(
    tmp_path: Path, pages: Pages
) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(BROKEN, "utf-8")
    with serving(file, str(file)) as served:
        opened = pages.visit(served.address)
        wait_for_error(opened, "appears when the error is fixed")
        assert opened.page.locator("svg.drawing").count() == 0
        served.replace(FIRST)
        wait_for_node(opened, "release")
        wait_without_error(opened)
        assert opened.errors == []
        errors = served.interrupt()[2]
        assert errors.startswith(f"error: {file}:2:1: unknown instruction")


def test_a_file_that_disappears_and_comes_back(served: Served, pages: Pages) -> None:
    opened = pages.visit(served.address)
    wait_for_node(opened, "tools")
    served.file.unlink()
    wait_for_error(opened, "No such file")
    wait_for_node(opened, "tools")
    served.save(FIRST.replace("tools", "lint"))
    wait_for_node(opened, "lint")
    wait_without_error(opened)


def test_a_directory_that_disappears_and_comes_back(tmp_path: Path, pages: Pages) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    file = folder / "Dockerfile"
    file.write_text(FIRST, "utf-8")
    with serving(file, str(file)) as served:
        opened = pages.visit(served.address)
        file.unlink()
        folder.rmdir()
        wait_for_error(opened, "No such file")
        folder.mkdir()
        for name in ("lint", "docs"):
            served.replace(FIRST.replace("tools", name))
            wait_for_node(opened, name)


def test_what_a_link_leads_to_is_followed(tmp_path: Path, pages: Pages) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "Dockerfile"
    for name in ("one", "two"):
        (tmp_path / "real" / name).write_text(FIRST.replace("tools", name), "utf-8")
    link.symlink_to(tmp_path / "real" / "one")
    with serving(tmp_path / "real" / "one", str(link)) as served:
        opened = pages.visit(served.address)
        wait_for_node(opened, "one")
        served.replace(FIRST.replace("tools", "lint"))
        wait_for_node(opened, "lint")
        other = tmp_path / ".link"
        other.symlink_to(tmp_path / "real" / "two")
        other.replace(link)
        wait_for_node(opened, "two")


def test_events_of_the_directory_of_a_new_link_are_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_RECHECK", 60.0)  # without events, the test takes too long
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(FIRST, "utf-8")
    link = tmp_path / "Dockerfile"
    link.symlink_to(tmp_path / "one" / "Dockerfile")

    def relink() -> None:
        link.unlink()
        link.symlink_to(tmp_path / "two" / "Dockerfile")

    def write() -> None:
        (tmp_path / "two" / "Dockerfile").write_text("FROM scratch\n", "utf-8")

    with ThreadPoolExecutor() as pool:  # the browser has the event loop of this thread
        pool.submit(anyio.run, _heard, str(link), (relink, write)).result()


async def _heard(name: str, actions: Sequence[Callable[[], object]]) -> None:
    """Wait until each of ``actions`` on the file ``name`` is heard as one change."""
    heard: list[float] = []
    ended = anyio.Event()
    read = [watching.fingerprints([name])]

    async def listen() -> None:
        async for _ in watching.changes(lambda: read[-1], ended):
            heard.append(time.monotonic())
            read.append(watching.fingerprints([name]))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        for count, action in enumerate(actions, 1):
            await anyio.sleep(1)
            action()
            with anyio.fail_after(10):
                while len(heard) < count:
                    await anyio.sleep(0.05)
        ended.set()
    assert len(heard) == len(actions)


def test_ten_quick_saves_lead_to_one_redraw_of_the_last(served: Served, pages: Pages) -> None:
    opened = pages.visit(served.address)
    wait_for_node(opened, "tools")
    for number in range(10):
        (served.save if number % 2 else served.replace)(FIRST.replace("tools", f"lint{number}"))
        time.sleep(0.04)
    wait_for_node(opened, "lint9")
    time.sleep(1.5)
    assert loads(opened, served) == 2
    assert opened.page.locator("g.node", has_text="lint9").count() >= 1


def test_a_quick_delete_and_write_shows_no_error(served: Served) -> None:
    with ThreadPoolExecutor() as pool:
        events = pool.submit(served.events, 3)
        time.sleep(0.5)
        served.file.unlink()
        time.sleep(0.3)
        served.save(FIRST.replace("tools", "lint"))
        told = events.result()
    assert [event["error"] for event in told] == [[], []]
    assert told[0]["version"] != told[1]["version"]


def test_a_save_without_a_change_of_the_graph_loads_nothing(served: Served, pages: Pages) -> None:
    opened = pages.visit(served.address)
    wait_for_node(opened, "tools")
    served.replace(FIRST)
    served.file.touch()
    time.sleep(1)
    assert loads(opened, served) == 1


def _place(opened: Opened, label: str) -> tuple[float, float]:
    # of the shape: a number on its corner says which place it has on the critical path
    box = opened.page.locator("g.node", has_text=label).first.locator(".shape").first.bounding_box()
    assert box
    return box["x"], box["y"]


def test_zoom_selection_and_search_are_kept(served: Served, pages: Pages) -> None:
    opened = pages.visit(served.address)
    opened.click_node("tools")
    for key in ("+", "+", "c", "t"):
        opened.page.keyboard.press(key)
    opened.page.fill("#search", "true")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    before = (opened.state(_SEEN).split()[2:], opened.state(paper), _place(opened, "tools"))
    chain = "FROM busybox AS first\nFROM first AS second\nFROM second AS third\nRUN x\n"
    served.replace(chain + FIRST.replace("RUN true", "COPY --from=third /x /x\nRUN true"))
    wait_for_node(opened, "first")
    assert opened.page.inner_text("#panel h2") == "tools"
    assert opened.page.locator("g.node.chosen", has_text="tools").count() == 1
    size, colour, (x, y) = (opened.state(_SEEN).split()[2:], opened.state(paper), _place(opened, "tools"))
    assert [float(n) for n in size] == pytest.approx([float(n) for n in before[0]])
    assert colour == before[1]
    assert (x, y) == pytest.approx(before[2], abs=1.5)
    assert opened.page.input_value("#search") == "true"
    assert opened.page.locator("svg.searching").count() == 1
    assert opened.page.get_attribute("#critical", "aria-pressed") == "true"
    assert opened.errors == []


def test_the_selection_follows_a_rename_and_ends_with_the_stage(served: Served, pages: Pages) -> None:
    opened = pages.visit(served.address)
    opened.click_node("tools")
    served.replace(FIRST.replace("tools", "lint"))
    wait_for_node(opened, "lint")
    assert opened.page.inner_text("#panel h2") == "lint"
    served.replace(
        FIRST.replace("FROM alpine AS tools\nRUN true\n", "").replace("COPY --from=tools /t /t\n", "")
    )
    opened.page.locator("g.node", has_text="lint").wait_for(state="detached")
    assert "IN THE IMAGE" in opened.panel()


def test_a_graph_that_was_not_moved_fits_the_window_again(served: Served, pages: Pages) -> None:
    opened = pages.visit(served.address)
    wait_for_node(opened, "tools")
    stages = "".join(
        f"FROM alpine AS s{n}\nCOPY --from={f's{n - 1}' if n else 'golang'} /a /a\n" for n in range(12)
    )
    served.replace(stages)
    wait_for_node(opened, "s11")
    before = opened.state(_SEEN)
    opened.page.keyboard.press("0")
    assert opened.state(_SEEN) == before


def test_switches_ask_the_server_and_are_kept(served: Served, pages: Pages) -> None:
    opened = pages.visit(served.address)
    wait_for_node(opened, "tools")
    assert len(served.get()[1]) < 150_000  # without other drawings
    opened.page.click("#draw-steps")
    opened.page.locator("g.node.step").first.wait_for()
    opened.page.select_option("#hops", "2")
    served.replace(FIRST.replace("tools", "lint"))
    opened.page.locator("g.frame", has_text="lint").or_(
        opened.page.locator(".frame-name", has_text="lint")
    ).first.wait_for(state="attached")
    assert opened.page.locator("g.node.step").count() > 0
    assert opened.page.get_attribute("#draw-steps", "aria-pressed") == "true"
    assert opened.page.input_value("#hops") == "2"
    opened.page.click("#draw-steps")
    wait_for_node(opened, "lint")
    served.replace(FIRST.replace("tools", "other"))
    wait_for_node(opened, "other")
    assert opened.page.locator("g.node.step").count() == 0
    assert opened.errors == []


def test_only_drawings_of_the_page_are_served(served: Served) -> None:
    version = served.events(0.5)[0]["version"]
    answer, body = served.get(f"drawing?name=needed.labels.steps.LR&version={version}")
    assert answer.status == 200
    assert answer.getheader("Content-Type") == "application/json"
    assert answer.getheader("Cache-Control") == "no-store"
    assert set(json.loads(body)) == {"svg", "legend", "graph"}
    for query in (
        f"name=../../etc/passwd&version={version}",
        f"name=&version={version}",
        "name=needed.labels.steps.LR&version=other",
        "",
    ):
        answer, body = served.get(f"drawing?{query}")
        assert (answer.status, body) == (404, b"Not Found")
    assert served.get("/x/drawing?name=needed.labels.steps.LR")[0].status == 404
    assert served.get("drawing", Host="evil.example")[0].status == 400


def test_the_end_of_the_server_is_shown(served: Served, pages: Pages) -> None:
    opened = pages.visit(served.address)
    wait_for_node(opened, "tools")
    assert served.interrupt()[0] == 130
    wait_for_error(opened, "Not connected")
    wait_for_node(opened, "tools")


def test_interrupted_without_a_traceback(served: Served) -> None:
    code, out, errors = served.interrupt()
    assert (code, out, errors.strip()) == (130, "", "")


def test_interrupted_at_once_while_a_browser_listens(served: Served, pages: Pages) -> None:
    pages.visit(served.address).page.locator("g.node").first.wait_for()
    begin = time.monotonic()
    code, _, errors = served.interrupt()
    assert (code, errors.strip()) == (130, "")
    assert time.monotonic() - begin < 4


@pytest.mark.parametrize(
    "path", ["/", "/favicon.ico", "/x/", "/x/events", "/../", "//", "/%00/", "/é/", "x", "events/", "../"]
)
def test_nothing_but_the_page_is_served(path: str, served: Served) -> None:
    path = "".join(char if ord(char) < 128 else "%C3%A9" for char in path)
    answer, body = served.get(path)
    assert (answer.status, body) == (404, b"Not Found")
    without_slash, _ = served.get(urlsplit(served.address).path.rstrip("/"))
    assert without_slash.status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_the_page_is_only_read(method: str, served: Served) -> None:
    answer, _ = served.get("", method)
    assert answer.status == 405
    assert answer.getheader("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "0.0.0.0", "[::1]"])
@pytest.mark.parametrize("path", ["", "events"])
def test_other_hosts_are_refused(host: str, path: str, served: Served) -> None:
    answer, body = served.get(path, Host=host)
    assert answer.status == 400
    assert b"FROM" not in body


def test_the_page_is_not_stored_and_not_framed(served: Served) -> None:
    answer, body = served.get(Host=f"localhost:{urlsplit(served.address).port}")
    assert answer.status == 200
    assert answer.getheader("Cache-Control") == "no-store"
    assert answer.getheader("Content-Security-Policy") == "frame-ancestors 'none'"
    assert answer.getheader("Server") is None
    assert b"connect-src 'self'" in body


def test_two_servers_have_two_tokens_and_listen_on_loopback_only(served: Served) -> None:
    with serving(served.file, str(served.file)) as other:
        assert urlsplit(other.address).path != urlsplit(served.address).path
    port = urlsplit(served.address).port
    listening = (
        [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if " 0A " in line]
        if sys.platform == "linux"
        else []
    )
    assert [at for at in listening if at.endswith(f":{port:04X}")] in ([f"0100007F:{port:04X}"], [])


def test_names_in_the_file_are_never_run(served: Served, pages: Pages) -> None:
    opened = pages.visit(served.address)
    served.replace("FROM alpine AS a\n</script><script>window.canary=1</script>\x1b[31m\n")
    wait_for_error(opened, ":2:1:")
    served.replace("FROM alpine AS b\nRUN </script><script>window.canary=1</script>\n")
    wait_for_node(opened, "b")
    assert opened.state("window.canary") is None
    assert opened.errors == []


def test_a_port_that_is_taken_is_an_error(
    served: Served, stagegraph: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    port = str(urlsplit(served.address).port)
    done = stagegraph("serve", str(served.file), "--port", port)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        f"error: cannot listen on port {port}: address already in use\n"
        "hint: choose another port with --port, or leave out --port for a free one\n"
    )


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("-",), 2, "name the path of a Dockerfile"),
        (("missing",), 1, "error: missing: No such file or directory"),
        (("samples/nodejs", "--port", "70000"), 2, "70000 is not in the range"),
        (("samples/nodejs", "--platform", "a/b/c/d/e"), 2, "a/b/c/d/e"),
    ],
)
def test_wrong_arguments_end_the_command(
    words: tuple[str, ...],
    code: int,
    message: str,
    in_process: Callable[..., subprocess.CompletedProcess[bytes]],
) -> None:
    done = in_process("serve", *words)
    assert (done.returncode, done.stdout) == (code, b"")
    assert message in done.stderr.decode()


def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, in_process: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    done = in_process("serve", "samples/nodejs")
    assert (done.returncode, done.stdout) == (1, b"")
    text = done.stderr.decode()
    assert text.startswith("error: stagegraph serve needs packages that are not installed")
    assert text.endswith("hint: pip install 'stagegraph[serve]'\n")


def test_build_options_and_view_options_are_used(tmp_path: Path, pages: Pages) -> None:
    file = tmp_path / "app.Dockerfile"
    file.write_text("ARG base=alpine\n" + FIRST.replace("FROM golang", "FROM $base"), "utf-8")
    words = (
        "-f",
        str(file),
        str(tmp_path),
        "--target",
        "tools",
        "--build-arg",
        "base=busybox",
        "--title",
        "My build",
    )
    with serving(file, *words) as served:
        opened = pages.visit(served.address)
        assert opened.page.inner_text("h1") == "My build"
        assert "target tools" in opened.page.inner_text("header")
        wait_for_node(opened, "busybox")
        served.replace(file.read_text("utf-8").replace("tools", "lint"))
        wait_for_error(opened, "tools")


@pytest.mark.parametrize("words", [("--open",), ("--no-open",), ()])
def test_the_browser_is_opened_only_when_asked_for(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, told = tmp_path / "browser", tmp_path / "told"
    program.write_text(f'#!/bin/sh\necho "$1" > {shlex.quote(str(told))}\n', "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(program))
    with serving(ROOT / "samples/nodejs", "samples/nodejs", *words) as served:
        end = time.monotonic() + (10 if words == ("--open",) else 1)
        while time.monotonic() < end and not (told.exists() and told.read_text("utf-8").strip()):
            time.sleep(0.05)
        assert (told.read_text("utf-8").strip() if told.exists() else "") == (
            served.address if words == ("--open",) else ""
        )


def test_a_terminal_opens_the_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, told = tmp_path / "browser", tmp_path / "told"
    program.write_text(f"#!/bin/sh\n: > {shlex.quote(str(told))}\n", "utf-8")
    program.chmod(0o755)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for browser, is_opened in ((str(program), True), ("", False)):
        monkeypatch.setenv("BROWSER", browser)
        command = [sys.executable, "-m", "stagegraph", "serve", str(ROOT / "samples/nodejs")]
        terminal, own = os.openpty()
        with subprocess.Popen(command, stdin=own, stdout=own, stderr=own, cwd=tmp_path) as process:
            text, end = b"", time.monotonic() + (10 if is_opened else 2)
            while time.monotonic() < end and not (b"Press" in text and told.exists()):
                if select.select([terminal], [], [], 0.1)[0]:
                    text += os.read(terminal, 4096)
            process.kill()
        os.close(own)
        os.close(terminal)
        assert told.exists() is is_opened
        told.unlink(missing_ok=True)


BAKE = """\
group "default" { targets = ["api", "web"] }
target "base" { context = "base" }
target "api" {
  context = "api"
  contexts = { base = "target:base" }
}
target "web" {
  context = "web"
  contexts = { api = "target:api" }
}
"""
BAKE_FILES = {
    "docker-bake.hcl": BAKE,
    "base/Dockerfile": "FROM alpine:3.20\nRUN apk add x\n",
    "api/Dockerfile": "FROM golang AS build\nRUN make\nFROM base\nCOPY --from=build /api /api\n",
    "web/Dockerfile": "FROM node AS assets\nRUN make\nFROM nginx\nCOPY --from=api /api /a\n",
}


def test_a_bake_file_and_its_dockerfiles_are_followed(tmp_path: Path, pages: Pages) -> None:
    write(tmp_path, BAKE_FILES)
    with serving(tmp_path / "docker-bake.hcl", str(tmp_path)) as served:
        opened = pages.visit(served.address)
        wait_for_node(opened, "assets")
        (tmp_path / "web/Dockerfile").write_text(BAKE_FILES["web/Dockerfile"].replace("assets", "pictures"))
        wait_for_node(opened, "pictures")
        write(tmp_path, {"site/Dockerfile": "FROM rust:1\nRUN make\n"})
        served.replace(BAKE.replace('context = "web"', 'context = "site"'))
        wait_for_node(opened, "rust:1")
        write(tmp_path, {"docker-bake.override.hcl": 'target "web" { dockerfile-inline = "FROM bun" }\n'})
        wait_for_node(opened, "bun")
        assert opened.errors == []


def test_an_error_of_any_file_of_a_bake_file_is_shown_with_its_line(tmp_path: Path, pages: Pages) -> None:
    write(tmp_path, BAKE_FILES)
    with serving(tmp_path / "docker-bake.hcl", str(tmp_path / "docker-bake.hcl"), "web") as served:
        opened = pages.visit(served.address)
        opened.page.locator("g.node[aria-label^='web:assets']").click()
        assert "assets" in opened.panel()
        view = opened.state(_SEEN)
        (tmp_path / "api/Dockerfile").write_text("FROM golang\nCOPPY a b\n")
        wait_for_error(opened, "api/Dockerfile:2")
        (tmp_path / "api/Dockerfile").write_text(BAKE_FILES["api/Dockerfile"])
        wait_without_error(opened)
        served.save(BAKE.replace("contexts = { api", "contexts = = { api"))
        wait_for_error(opened, "docker-bake.hcl:9")
        assert "assets" in opened.panel()
        assert opened.state(_SEEN) == view
        served.save(BAKE)
        wait_without_error(opened)
        served.file.unlink()
        wait_for_error(opened, "docker-bake.hcl")
        served.save(BAKE.replace('context = "web"', 'context = "site"'))
        wait_for_error(opened, "there is no Dockerfile")
        write(tmp_path, {"site/Dockerfile": "FROM scratch AS site-stage\nCOPY --from=api / /\n"})
        wait_for_node(opened, "site-stage")


def test_all_files_of_a_compose_file_are_followed(tmp_path: Path, pages: Pages) -> None:
    files = {
        "compose.yaml": (
            "include: [more.yaml]\nservices:\n  web:\n    extends: {file: base.yaml, service: b}\n"
        ),
        "more.yaml": "services:\n  extra:\n    build:\n      dockerfile_inline: FROM alpine AS e1\n",
        "base.yaml": "services:\n  b:\n    build: {context: web, args: {NAME: '$NAME'}}\n",
        ".env": "NAME=first\n",
        "web/Dockerfile": "ARG NAME\nFROM image-$NAME AS web\nRUN make\n",
    }
    write(tmp_path, files)
    with serving(tmp_path / "compose.yaml", "--compose", str(tmp_path), "--detail", "stages") as served:
        opened = pages.visit(served.address)
        wait_for_node(opened, "image-first")
        write(tmp_path, {".env": "NAME=second\n"})
        wait_for_node(opened, "image-second")
        write(tmp_path, {"more.yaml": files["more.yaml"].replace("e1", "e2")})
        wait_for_node(opened, "e2")
        write(tmp_path, {"base.yaml": files["base.yaml"].replace("$NAME", "third")})
        wait_for_node(opened, "image-third")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("docker-bake.hcl", "--build-arg", "a=b"), 2, "change them with --set"),
        (("docker-bake.hcl", "--detail", "targets", "--steps"), 2, "--detail targets leaves these out"),
        (("Dockerfile", "--detail", "targets"), 2, "--detail has no effect on a Dockerfile"),
        (("Dockerfile", "web"), 2, "only a bake or compose file has targets"),
        (("--compose",), 1, "there is no compose file in ."),
        (("--bake", "-f", "other.hcl"), 1, "there is no file other.hcl"),
    ],
)
def test_wrong_words_about_a_bake_file_end_the_command(
    words: tuple[str, ...],
    code: int,
    message: str,
    tmp_path: Path,
    in_process: Callable[..., subprocess.CompletedProcess[bytes]],
) -> None:
    write(tmp_path, {**BAKE_FILES, "Dockerfile": FIRST})
    done = in_process("serve", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, b"")
    assert message in " ".join(done.stderr.decode().split())


def test_a_directory_whose_name_is_not_utf8(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("the file system has only UTF-8 names")
    file = folder / "Dockerfile"
    file.write_text(FIRST, "utf-8")
    with serving(file, str(file)) as served, ThreadPoolExecutor() as pool:
        events = pool.submit(served.events, 4)
        time.sleep(0.5)
        served.save(BROKEN)
        assert [bool(event["error"]) for event in events.result()] == [False, True]


@pytest.mark.parametrize(("page", "body"), blocks("serve", "sh"))
def test_documented_commands_serve_a_page(page: str, body: str) -> None:
    for line in body.splitlines():
        program, command, *words = shlex.split(line)
        assert (program, command) == ("stagegraph", "serve"), page
        with serving(ROOT, *words) as served:
            answer, html = served.get()
            assert answer.status == 200
            assert b'<svg class="drawing"' in html
            assert served.interrupt()[0] == 130


def test_the_documentation_has_commands_to_run() -> None:
    assert len(blocks("serve", "sh")) >= 1


if os.name != "posix":
    pytestmark = pytest.mark.skip(reason="Ctrl+C is sent as a signal")
