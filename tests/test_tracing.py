"""What is in the image, and through which stages it came."""

from __future__ import annotations

import random

import pytest

import stagegraph as sg

from .build import report, roles


def _shipped(found: sg.Report) -> list[str]:
    labels = {node.id: node.label for node in found.nodes}
    return [
        f"{item.path} of {labels[item.node]}" + "".join(f" through {labels[name]}" for name in item.via)
        for item in found.shipped
        if item.kind == "path"
    ]


def _left(found: sg.Report) -> dict[str, tuple[str, ...]]:
    labels = {node.id: node.label for node in found.nodes}
    return {labels[item.node]: item.kept for item in found.left_behind}


def test_a_path_is_followed_through_the_stages_that_pass_it_on() -> None:
    found = report("""\
        FROM golang AS tools
        RUN make
        FROM alpine AS files
        COPY --from=tools /bin/tool /out/tool
        COPY --from=tools /etc/conf /conf
        FROM scratch
        COPY --from=files /out /
        """)
    assert _shipped(found) == ["/out of files", "/bin/tool of tools through files"]
    assert roles(found)["tools"] == "copied"
    assert _left(found) == {"tools": ("/bin/tool",), "files": ("/out",), "alpine": (), "golang": ()}


def test_what_a_command_makes_of_copied_sources_is_its_own() -> None:
    found = report("""\
        FROM node AS build
        WORKDIR /app
        COPY . .
        RUN npm run build
        FROM scratch
        COPY --from=build /app/dist /
        """)
    assert _shipped(found) == ["/app/dist of build"]
    assert roles(found)["build context"] == "upstream"


def test_all_that_was_copied_below_a_path_ships_with_it() -> None:
    found = report("FROM a AS b\nCOPY src /app/src\nRUN make\nFROM scratch\nCOPY --from=b /app /\n")
    assert _shipped(found) == ["/app of b", "src of build context through b"]
    assert roles(found)["build context"] == "copied"


def test_a_stage_that_is_copied_whole_leaves_nothing_behind() -> None:
    found = report("FROM a AS b\nFROM b AS c\nCOPY x /x\nFROM scratch\nCOPY --from=c / /\n")
    assert _left(found) == {}
    assert roles(found) == {
        "b": "copied", "c": "copied", "stage-2": "target", "a": "copied", "build context": "copied",
    }  # fmt: skip


def test_a_path_that_no_instruction_makes_is_of_the_base() -> None:
    found = report("FROM a AS b\nUSER me\nFROM scratch\nCOPY --from=b /bin/sh /\n")
    assert _left(found) == {"b": ("/bin/sh",), "a": ("/bin/sh",)}
    found = report("FROM a AS b\nRUN make\nFROM scratch\nCOPY --from=b /bin/sh /\n")
    assert _left(found) == {"b": ("/bin/sh",), "a": ()}


def test_a_copy_into_a_folder_keeps_the_name_of_a_file() -> None:
    text = "FROM scratch AS b\nCOPY one two /d/\nFROM scratch\nCOPY --from=b {} /\n"
    assert _shipped(report(text.format("/d/one"))) == ["/d/one of b", "one of build context through b"]
    assert len(_shipped(report(text.format("/d")))) == 3
    assert len(_shipped(report(text.format("/d/o*")))) == 3


def test_a_destination_that_an_image_decides_is_not_guessed() -> None:
    text = "FROM a AS b\nCOPY x {}\nFROM scratch\nCOPY --from=b /w/x /\n"
    assert len(_shipped(report(text.format("w/")))) == 1
    assert len(_shipped(report(text.format("/w/")))) == 2
    assert len(_shipped(report(text.replace("COPY x", "WORKDIR /w\nCOPY x").format(".")))) == 2
    assert [edge.lands for edge in report(text.format("$W/")).edges if edge.paths == ("x",)] == [""]


def test_mounts_bring_nothing_into_the_image() -> None:
    found = report("FROM a AS b\nFROM c\nRUN --mount=from=b,target=/b cp /b/x /\n")
    assert _shipped(found) == []
    assert roles(found)["b"] == "mounted"


def test_stages_that_copy_from_each_other_many_times_over_are_followed_once() -> None:
    lines = ["FROM a AS s0\nCOPY x /d/\n"]
    for index in range(1, 40):
        lines.append(f"FROM a AS s{index}\n" + f"COPY --from=s{index - 1} /d /d/\n" * 3)
    assert len(_shipped(report("".join(lines)))) < 200


@pytest.mark.parametrize("seed", range(60))
def test_tracing_agrees_with_files_that_really_move(seed: int) -> None:
    text, holders = _moving(random.Random(seed))
    found = report(text)
    assert {node.label for node in found.nodes if node.role == "copied"} == holders, text


def _moving(chance: random.Random) -> tuple[str, set[str]]:
    """Stages that only copy single files, each to a new name, and whose files are in the last one.

    Every file knows the stages that held it on its way.
    """
    lines: list[str] = []
    files: list[dict[str, frozenset[str]]] = []
    bases: list[int | None] = []
    count = chance.randint(2, 7)
    for index in range(count):
        base = chance.choice([None, *range(index)])
        lines.append(f"FROM {'scratch' if base is None else f's{base}'} AS s{index}")
        own = {} if base is None else {name: held | {f"s{index}"} for name, held in files[base].items()}
        for number in range(chance.randint(0, 3)):
            made = f"/{chance.choice('abc')}/{index}.{number}"
            source = chance.choice([None, *(other for other in range(index) if files[other])])
            if source is None:
                lines.append(f"COPY f {made}")
                own[made] = frozenset({"build context", f"s{index}"})
            else:
                name = chance.choice(sorted(files[source]))
                lines.append(f"COPY --from=s{source} {name} {made}")
                own[made] = files[source][name] | {f"s{index}"}
        files.append(own)
        bases.append(base)
    image, at = set(), count - 1
    while True:
        image.add(f"s{at}")
        if bases[at] is None:
            break
        at = bases[at] or 0
    return "\n".join(lines) + "\n", set().union(*files[-1].values()) - image
