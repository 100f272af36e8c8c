"""Names are shortened by what they mean, between words, and never to the same label."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagegraph import Source, analyse, read
from stagegraph.picture.picture import picture
from stagegraph.picture.short_names import between_words, cut, short, short_names
from stagegraph.picture.shorten import pattern
from stagegraph.picture.view import Picture, View

from .build import report
from .shapes import services
from .strategies import count

_COMMIT = "0123456789abcdef0123456789abcdef01234567"
_DIGEST = "sha256:" + "89abcdef" * 8
_WORDS = st.lists(st.text("abXY12", min_size=1, max_size=12), min_size=1, max_size=12)
_NAMES = st.builds(lambda words, separator: separator.join(words), _WORDS, st.sampled_from("-_/. "))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (
            "https://github.com/opencontainers/runc.git?ref=v1.4.3&keep-git-dir=1",
            "opencontainers/runc @v1.4.3",
        ),
        (
            "https://github.com/opencontainers/runc.git#v1.4.3:libcontainer",
            "opencontainers/runc @v1.4.3 :libcontainer",
        ),
        ("https://github.com/moby/moby.git?tag=v28.0.0&subdir=/cli", "moby/moby @v28.0.0 :cli"),
        ("https://github.com/moby/moby.git?branch=master", "moby/moby @master"),
        (f"https://github.com/moby/moby.git?commit={_COMMIT}", "moby/moby @0123456"),
        (f"https://github.com/moby/moby.git#{_COMMIT}", "moby/moby @0123456"),
        ("https://github.com/moby/moby.git#refs/tags/v1", "moby/moby @v1"),
        ("git@github.com:moby/buildkit.git#master", "moby/buildkit @master"),
        ("ssh://git@github.com:22/moby/buildkit.git", "moby/buildkit"),
        ("git://example.org/tools", "tools"),
        ("https://gitlab.com/group/team/tool.git#v2", "team/tool @v2"),
        (
            "https://downloads.example.org/releases/stable/v1.2.3/linux/tool-linux-amd64.tar.gz",
            "downloads.example.org/…/tool-linux-amd64.tar.gz",
        ),
        (
            "/usr/local/share/build/scripts/of/the/server/build_nginx.sh",
            "/usr/…/scripts/of/the/server/build_nginx.sh",
        ),
        (f"docker.io/library/debian@{_DIGEST}", "docker.io/library/debian@sha256:89abcde…"),
        (
            "registry.example.org/platform/team/very/deep/images/builder:2026.11",
            "registry.example.org/…/images/builder:2026.11",
        ),
        ("golang:1.23", "golang:1.23"),
    ],
)
def test_a_name_is_shortened_by_what_it_means(name: str, label: str) -> None:
    assert short(name, 48) == label


def test_a_path_keeps_its_file_when_little_fits() -> None:
    assert short("/usr/local/share/scripts/build_nginx.sh", 20) == "…/build_nginx.sh"


def test_the_middle_of_a_name_is_left_out_between_words() -> None:
    assert between_words("integration-test-of-the-payment-service-build", 30) == "integration-…-service-build"


def test_a_text_is_cut_between_words() -> None:
    assert cut("RUN apt-get install", 15) == "RUN apt-get…"


def test_a_pattern_ends_between_words() -> None:
    assert pattern(["service-10-build", "service-12-build"]) == "service-…-build"


def test_a_pattern_ends_before_a_number() -> None:
    assert pattern(["svc1", "svc2", "svc10"]) == "svc…"


def test_two_files_of_the_same_name_are_told_apart() -> None:
    long = "/srv/applications/backend/{}/resources/configuration/settings.yaml"
    names = [long.format("billing"), long.format("payment")]
    assert set(short_names(names, 46).values()) == {
        "/srv…/billing/…/configuration/settings.yaml",
        "/srv…/payment/…/configuration/settings.yaml",
    }


def test_a_tag_and_a_branch_of_one_name_are_told_apart() -> None:
    names = ["https://github.com/a/b.git?tag=v1", "https://github.com/a/b.git?branch=v1"]
    assert len(set(short_names(names, 46).values())) == 2


@settings(max_examples=count(60), deadline=None)
@given(st.lists(_NAMES | st.text(max_size=90), unique=True, max_size=30), st.integers(8, 46))
def test_different_names_have_different_labels(names: list[str], length: int) -> None:
    assert len(set(short_names(names, length).values())) == len(names)


@settings(max_examples=count(60), deadline=None)
@given(_NAMES, st.integers(14, 46))
def test_no_word_is_cut(name: str, length: int) -> None:
    label = short(name, length)
    assert len(label) <= length
    whole = re.findall(r"[^\W_]+", name)
    pieces = {piece for word in whole for piece in _camel_pieces(word)}
    assert all(
        any(word in piece or piece in word for piece in pieces) for word in re.findall(r"[^\W_]+", label)
    )
    for word in re.findall(r"[^\W_]+(?=…)|(?<=…)[^\W_]+", label):
        assert word in pieces


def _camel_pieces(word: str) -> set[str]:
    """Every run of ``word`` between two places where it may be cut."""
    borders = [
        0,
        *(at for at in range(1, len(word)) if word[at - 1].islower() and word[at].isupper()),
        len(word),
    ]
    return {word[a:b] for a in borders for b in borders if a < b}


def _picture(text: str, **view: bool) -> Picture:
    return picture(analyse(read(Source(name="Dockerfile", text=text))), View(**view))  # type: ignore[arg-type]


def test_boxes_of_one_picture_have_different_labels() -> None:
    long = "registry.example.org/platform/{}/images/for/all/teams/builder:2026.11"
    text = (
        f"FROM {long.format('blue')} AS a\nFROM {long.format('green')} AS b\nFROM alpine AS alpine\n"
        "FROM x AS same\nFROM same AS same\nFROM scratch\nCOPY --from=a / /\nCOPY --from=b / /\n"
    )
    labels = [box.label for box in _picture(text).boxes]
    assert len(set(labels)) == len(labels)
    assert {"alpine", "alpine (image)"} <= {label.replace(" (line 3)", "") for label in labels}


def test_edges_that_carry_different_paths_have_different_labels() -> None:
    path = "/usr/local/lib/python-311/{}/site-packages/of/the/application/module.py"
    text = "".join(f"FROM i AS s{number}\n" for number in range(6)) + "FROM scratch\n"
    text += "".join(
        f"COPY --from=s{number} {path.format(f'version-{number}')} /opt/lib/\n" for number in range(6)
    )
    labels = [arrow.label for arrow in _picture(text, all=True).arrows if arrow.label]
    assert len(labels) == len(set(labels)) == 6


def test_edges_that_carry_the_same_have_the_same_label() -> None:
    text = "FROM i AS a\nFROM i AS b\nFROM scratch\nCOPY --from=a /out /bin/\nCOPY --from=b /out /bin/\n"
    text += "COPY --from=b /out /bin/\n"
    assert {arrow.label for arrow in _picture(text, all=True).arrows} == {"", "/out → /bin/"}


def test_a_group_of_downloads_has_short_names() -> None:
    text = "FROM i\n" + "".join(
        f"ADD https://github.com/team-{number}/tool-{number}.git?ref=v{number}&keep-git-dir=1 /src/\n"
        for number in range(5)
    )
    (box,) = [box for box in _picture(text).boxes if box.count == 5]
    assert box.label in ("5 downloads", "5 × team-…")
    assert "team-0/tool-0 @v0" in box.sublabel


def test_paths_of_one_folder_have_it_once() -> None:
    text = "FROM i AS a\nFROM b\nCOPY --from=a /usr/lib/x /usr/lib/y /o/\n"
    assert "/usr/lib/{x, y} → /o/" in {arrow.label for arrow in _picture(text).arrows}


def test_a_file_name_has_the_room_that_its_destination_leaves() -> None:
    text = (
        "FROM i AS a\nFROM b\nCOPY --from=a /usr/local/share/scripts/nginx/build_nginx.sh /usr/local/run/\n"
    )
    assert "…/build_nginx.sh → /usr/local/run/" in {arrow.label for arrow in _picture(text).arrows}


def test_a_stage_that_no_existing_platform_chooses_is_not_drawn_as_a_choice() -> None:
    text = "FROM i AS bin-unix\nFROM bin-unix AS bin-linux\nFROM i AS bin-windows\nFROM bin-$TARGETOS\n"
    chosen = [arrow.label for arrow in _picture(text).arrows if arrow.selectable]
    assert "with TARGETOS=unix" not in chosen
    assert "a choice for a platform that does not exist is left out; --all draws it" in _picture(text).notes
    everything = [arrow.label for arrow in _picture(text, all=True).arrows if arrow.selectable]
    assert "with TARGETOS=unix" in everything


def _label_from_four_stages(copy: str) -> str:
    names = ("red", "green", "yellow", "white")
    stages = "".join(f"FROM alpine AS {name}\nRUN make\n" for name in names)
    copies = "".join(f"COPY --from={name} {copy.format(name)}\n" for name in names)
    drawn = picture(report(f"{stages}FROM scratch\n{copies}"), View())
    (box,) = [box for box in drawn.boxes if len(box.members) == 4]
    return next(arrow.label for arrow in drawn.arrows if arrow.source == box.id)


@pytest.mark.parametrize(
    ("copy", "label"),
    [
        ("/out/{0} /bin/{0}", "4 × /out/… → /bin/…"),
        ("/pkg /pkg/{0}", "4 × /pkg → /pkg/…"),
        ("/usr/src/target/release-opt/text-generation-{0} /usr/bin/x-{0}",
         "4 × /usr/…/text-generation-…"),
        ("/usr/src/{0}/build/lib.linux-x86_64-cpython-311 /usr/lib/python3/site-packages",
         "4 paths → /usr/…/site-packages"),
        ("/{0} /", "4 paths"),
    ],
)  # fmt: skip
def test_many_paths_say_what_they_have_in_common(copy: str, label: str) -> None:
    assert _label_from_four_stages(copy) == label


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("server/Makefile-for-{} Makefile", "context: server/Makefile-for-… → Makefile"),
        ("{} ./", "context: red, green … → ./"),
        ("{0} {0}", "context: red, green, yellow …"),
    ],
)
def test_what_several_stages_read_of_the_context_is_told(file: str, line: str) -> None:
    names = (
        "red",
        "green",
        "yellow",
        "white",
        "black",
        "silver",
        "copper",
        "amber",
        "violet",
        "orange",
        "gold",
    )
    stages = "".join(f"FROM alpine AS {name}\nCOPY {file.format(name)}\n" for name in names)
    copies = "".join(f"COPY --from={name} /{name} /\n" for name in names)
    drawn = picture(report(f"{stages}FROM alpine\n{copies}"), View())
    (box,) = [box for box in drawn.boxes if len(box.members) > 1]
    assert box.sublabel.split("\n")[-1] == line


@pytest.mark.parametrize(
    ("copy", "label"),
    [
        ("./tgi-entrypoint.sh /tgi-entrypoint.sh", "tgi-entrypoint.sh → /…"),
        (
            "/very/long/folder/goversioninfo /usr/local/bin/goversioninfo",
            "…/goversioninfo → /usr/local/bin/…",
        ),
        ("/src/build/solver /usr/local/bin/solver", "/src/…/solver → /usr/local/bin/…"),
        ("./src /app/src", "src → /app/src"),
    ],
)
def test_a_name_that_source_and_destination_share_is_written_once(copy: str, label: str) -> None:
    found = report(f"FROM alpine AS a\nFROM scratch\nCOPY --from=a {copy}\n")
    assert [arrow.label for arrow in picture(found, View()).arrows if arrow.label] == [label]


def test_groups_with_equal_patterns_are_told_apart_by_a_first_path() -> None:
    shown = picture(report(services(60)), View())
    labels = {arrow.label for arrow in shown.arrows if arrow.label.startswith(("/out", "4 × /out"))}
    assert labels == {"/out/service-0 +4", "/out/service-1 +4", "4 × /out/service-…"}


def test_a_list_of_sources_ends_with_a_whole_one() -> None:
    bases = "".join(f"FROM alpine AS s{number}\nCOPY a{number} /a\n" for number in range(12))
    copies = "".join(f"COPY --from=s{number} /a /a{number}\n" for number in range(12))
    copies += "COPY frigate frigate/\nCOPY docker/migrations migrations/folder/\n"
    drawn = picture(report(f"{bases}FROM alpine\n{copies}"), View())
    lines = [line for box in drawn.boxes for line in box.sublabel.split("\n") if "frigate" in line]
    assert lines == ["context: frigate → frigate/ …"]
