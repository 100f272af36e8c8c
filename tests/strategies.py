"""Generated Dockerfiles, valid and damaged, and how many of them a test tries."""

from __future__ import annotations

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

_NAMES = ("base", "build", "test", "web", "end", "graph", "scratch", "a.b-c_d", "base-amd64", "class")
_IMAGES = (
    "alpine",
    "node:20",
    "scratch",
    "ghcr.io/x/y@sha256:" + "a" * 64,
    "base-${TARGETARCH}",
    "$BASE",
    "Alpine",
)
_TEXTS = (
    "<script>alert(1)</script>",
    "]]>",
    '"quoted"',
    "`code`",
    "javascript:alert(1)",
    "%%{init: {}}%%",
    "$$x$$",
    "&amp;",
    "#35;",
    "naïve 中文 বাংলা",
    "\x1b[31m",
    "fa:fa-ban",
    "-->",
    "\\",
    "a|b",
    "{{x}}",
    "../..",
    "https://example.com/x.git#main",
)
names = st.sampled_from(_NAMES)
texts = st.sampled_from(_TEXTS) | st.text(max_size=20).map(lambda text: text.replace("\n", " "))
_word = texts.map(lambda text: text.replace(" ", "_") or "x")


@st.composite
def _instruction(draw: st.DrawFn) -> str:
    source, path, to = draw(names | st.sampled_from(("0", "1", "9", "alpine"))), draw(_word), draw(_word)
    return draw(
        st.sampled_from(
            (
                f"COPY --from={source} {path} {to}",
                f"COPY --link --from={source} {path} {to}",
                f"COPY {path} {to}",
                f"ADD {path} {to}",
                f"RUN --mount=from={source},target=/m echo {path}",
                f"RUN --mount=type=cache,target=/c --mount=target=/x {path}",
                f"RUN echo {path} \\\n\n  # note\n  && {to}",
                f"COPY <<EOF /x\n{path}\nEOF",
                f"ONBUILD COPY --from={source} {path} {to}",
                f"WORKDIR /{path}",
                f"ENV A={path} B=$A",
                f"ARG X={path}",
                "ARG TARGETARCH",
                f"LABEL x={path}",
                f"# {path}",
                "",
            )
        )
    )


@st.composite
def dockerfiles(draw: st.DrawFn, most_stages: int = 8) -> str:
    """Text that is mostly a Dockerfile."""
    lines = [draw(st.sampled_from(("# syntax=docker/dockerfile:1", "ARG BASE=alpine", "# escape=`", "")))]
    for _ in range(draw(st.integers(1, most_stages))):
        platform = draw(st.sampled_from(("", "", "--platform=$BUILDPLATFORM ", "--platform=linux/arm64 ")))
        name = draw(st.none() | names)
        base = draw(st.sampled_from(_IMAGES) | names)
        lines.append(f"FROM {platform}{base}" + (f" AS {name}" if name else ""))
        lines.extend(draw(st.lists(_instruction(), max_size=4)))
    return "\n".join(lines) + "\n"


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A Dockerfile with bytes taken out, put in or repeated."""
    data = draw(dockerfiles()).encode("utf-8", "replace")
    for _ in range(draw(st.integers(1, 5))):
        place = draw(st.integers(0, len(data)))
        end = min(len(data), place + draw(st.integers(0, 12)))
        data = data[:place] + draw(st.binary(max_size=6) | st.just(data[place:end] * 2)) + data[end:]
    return data


def examples(times: float) -> settings:
    """Settings with ``times`` as many examples as the profile: more of cheap ones, fewer of slow ones."""
    return settings(max_examples=count(times))


def count(times: float) -> int:
    """``times`` as many as the profile has examples."""
    return round(settings().max_examples * times)


def generated_dockerfiles(times: float) -> list[str]:
    """Different Dockerfiles, at most ``times`` as many as the profile has examples, to check together."""
    texts: dict[str, None] = {}

    @settings(examples(times), phases=[Phase.generate])
    @given(dockerfiles())
    def collect(text: str) -> None:
        texts[text] = None

    collect()
    return list(texts)
