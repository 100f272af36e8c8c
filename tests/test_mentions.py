"""What a repository calls a target, though no build of it is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagegraph.check.settings import Settings
from stagegraph.check.work import work_of
from stagegraph.discovery.mentions import may_mention, mentions, unread_targets
from stagegraph.discovery.passed import passed_names
from stagegraph.options import Options

from .test_check_rules import codes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("buildxCmd build --target shell .", ["shell"]),
        ("img build --target=Dev .", ["dev"]),
        ('["--target", "dev"]', ["dev"]),
        ("'--target' 'dev'", ["dev"]),
        ("target: dev", ["dev"]),
        ('{"target": "dev"}', ["dev"]),
        ('\\"target\\": \\"dev\\"', ["dev"]),
        ("target = 'dev-env'", ["dev-env"]),
        ("TARGET=rootless make", ["rootless"]),
        ("targets: [lint, 'test', \"x.y\"]", ["lint", "test", "x.y"]),
        ("targets:\n  - lint\n  - 'test'\nother:\n  - no\n", ["lint", "test"]),
        ("Use `docker build --target debug.`", ["debug"]),
        ("--mount=type=bind,target=/src", []),
        ("--target $(TARGET)", []),
        ("ARG TARGETARCH", []),
        ("on target", []),
    ],
)
def test_words_that_are_called_a_target(text: str, words: list[str]) -> None:
    assert [word for word, _ in mentions("x", text)] == words


def test_each_word_has_its_line() -> None:
    assert list(mentions("x", "x\n\ntarget: a\n--target b\n")) == [("a", 3), ("b", 4)]


def test_long_runs_of_spaces_cost_nothing() -> None:
    assert not list(mentions("x", "--target" + " " * 200_000 + "=\n" + "targets:" + "\n" * 40_000))
    spaces = "docker --target" + " " * 100_000 + "\n" + "{target " * 10_000 + 'target="' * 5_000
    assert not list(unread_targets("x.py", spaces))


@pytest.mark.parametrize(
    "name", ["README.md", "skaffold.yaml", "Tiltfile", "build", "Dockerfile.dev", "x.py"]
)
def test_files_that_are_read_for_words(name: str) -> None:
    assert may_mention(name)


@pytest.mark.parametrize("name", ["x.png", "x.css", "uv.lock"])
def test_files_that_are_not(name: str) -> None:
    assert not may_mention(name)


def test_a_stage_that_something_names_is_not_called_idle(tmp_path: Path) -> None:
    dockerfile = "FROM a AS base\nFROM base AS dev\nFROM base AS old\nFROM base\n"
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text(dockerfile)
    (tmp_path / "Makefile").write_text("image:\n\tdocker build .\n")
    (tmp_path / "README.md").write_text("Develop in a container:\n\n    mytool --target dev\n")
    (task,) = work_of([str(tmp_path)], Settings(), Options()).tasks
    assert task.known_builds.mentioned["dev"] == "README.md:3"
    assert codes(dockerfile, task.known_builds) == ["idle-stage"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Jenkinsfile", 'node { sh "docker build --target ${params.STAGE} -t app ." }'),
        ("Jenkinsfile", "docker.build('app', \"--target ${env.STAGE} .\")"),
        ("Jenkinsfile", 'docker.build("app", "--target " + stage + " .")'),
        ("build.ps1", "docker build --target $stage -t app ."),
        ("build.ps1", '$a = @("build", "--target", $stage)\n& docker @a'),
        ("build.bat", "docker build --target %1 ."),
        (
            "azure-pipelines.yml",
            '- task: Docker@2\n  inputs: {command: build, arguments: "--target $(stage)"}',
        ),
        (".drone.yml", "- name: b\n  image: plugins/docker\n  settings:\n    target: ${DRONE_BRANCH}\n"),
        (
            ".drone.yml",
            "- name: b\n  image: plugins/docker\n  settings:\n    target:\n      from_secret: x\n",
        ),
        (
            "cloudbuild.yaml",
            "- name: gcr.io/cloud-builders/docker\n  args:\n  - build\n  - --target\n  - ${_S}\n",
        ),
        (
            "cloudbuild.yaml",
            "- name: gcr.io/cloud-builders/docker\n  args: ['build', '--target', '$_S', '.']\n",
        ),
        (
            "main.tf",
            'resource "docker_image" "a" {\n  build {\n    context = "."\n    target = var.stage\n  }\n}',
        ),
        ("Tiltfile", 'docker_build("app", ".", target=cfg.get("stage"))'),
        ("tasks.py", 'c.run(f"docker build --target {stage} -t app .")'),
        ("tasks.py", 'run(["docker", "build", "--target", stage, "."])'),
        ("tasks.py", 'run(["docker", "build", f"--target={stage}", "."])'),
        ("tasks.py", 'run("docker build --target %s ." % stage)'),
        ("tasks.py", "client.images.build(path='.', target=stage)"),
        ("stack.ts", "new DockerImageAsset(this, 'A', { directory: '.', target: props.stage })"),
        ("stack.ts", "new DockerImageAsset(this, 'A', { directory: '.', target })"),
        ("x.mjs", "await $`docker build --target ${stage} .`"),
        ("main.go", 'exec.Command("docker", "build", "--target", stage, ".")'),
        ("main.go", 'FromDockerfile: FromDockerfile{\n\tContext: ".",\n\tTarget: stage,\n}'),
        ("main.go", 'fmt.Sprintf("docker build --target=%s .", stage)'),
        (
            "a.yml",
            "a:\n  steps:\n  - uses: x/build-push-action@v2\n    with:\n      target: ${{ matrix.a }}\n",
        ),
        ("skaffold.yaml", 'docker:\n  target: "{{.STAGE}}"\n'),
        ("Makefile", "a:\n\t$(KANIKO) kaniko --target $(STAGE)\n"),
        ("README.md", "    docker build --target <stage> .\n"),
    ],
)
def test_a_target_that_is_not_a_word(name: str, text: str) -> None:
    assert len(list(unread_targets(name, text))) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("build.sh", "docker run x cargo build --target $T"),
        ("build.sh", "docker pull x\nTARGET=$1\ntarget=$2\ncargo build --target $T"),
        ("Makefile", "target: $(DEPS)\n\tdocker build .\n"),
        ("a.yml", "- run: docker build .\n- uses: rust/cross\n  with:\n    target: ${{ matrix.target }}\n"),
        ("a.ts", "const docker = 1\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\non({ target: x })\n"),
        ("a.ts", "on({ target: x })\n"),
        ("a.tf", 'resource "docker_image" "a" {\n  build {\n    target = "dev"\n  }\n}'),
        ("a.py", 'docker_build(".", target="dev")'),
        ("x.md", "Set the target: ${x} of docker.\n"),
        ("Dockerfile", "# docker\nRUN cargo build --target $T\n"),
        ("x.yaml", "docker: {target: dev}\n"),
        ("x.py", "# docker build --target $X\n"),
    ],
)
def test_what_passes_no_unknown_target(name: str, text: str) -> None:
    assert list(unread_targets(name, text)) == []


def test_words_in_program_code_count_near_a_tool_that_builds_images() -> None:
    asset = "new DockerImageAsset(this, 'A', { directory: '.', target: 'dev' })"
    assert list(mentions("a.ts", asset)) == [("dev", 1)]
    assert list(mentions("a.ts", "export default { target: 'web' }")) == []


@pytest.mark.parametrize(
    "placeholder",
    [
        *("{{.X}}", "{{ x }}", "$[[ inputs.x ]]", "<< parameters.x >>", "{{{ x }}}", "@X@", "<%= x %>"),
        *("#{x}#", "((x))", "%X%", "__X__", "{% x %}", "$[variables.x]", "{x}"),
    ],
)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Makefile", "a:\n\tdocker build --target HERE .\n"),
        ("compose.yaml", "services:\n  a:\n    build:\n      context: .\n      target: 'HERE'\n"),
        ("docker-bake.json", '{"target": {"a": {"target": "HERE"}}}'),
        (".github/workflows/a.yml", "jobs: {a: {steps: [{run: 'docker build --target HERE .'}]}}"),
    ],
)
def test_a_placeholder_of_another_tool_is_an_unknown_target(
    tmp_path: Path, placeholder: str, name: str, text: str
) -> None:
    dockerfile = "FROM a AS base\nFROM base AS dev\nFROM base\n"
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text(dockerfile)
    (tmp_path / name).write_text(text.replace("HERE", placeholder))
    (task,) = work_of([str(tmp_path)], Settings(), Options()).tasks
    assert task.known_builds.doubts
    assert codes(dockerfile, task.known_builds) == []


def test_a_word_that_a_build_of_another_dockerfile_explains_says_nothing(tmp_path: Path) -> None:
    dockerfile = "FROM a AS base\nFROM base AS dev\nFROM base AS test\nFROM base\n"
    (tmp_path / ".git").mkdir()
    for service in "ab":
        (tmp_path / service).mkdir()
        (tmp_path / service / "Dockerfile").write_text(dockerfile)
    (tmp_path / "compose.yaml").write_text(
        "services:\n  a:\n    build:\n      context: a\n      target: dev\n  b:\n    build: b\n"
    )
    (tmp_path / "docker-bake.hcl").write_text(
        'group "default" {\n  targets = ["test"]\n}\ntarget "test" {\n  context = "a"\n  target = "test"\n}\n'
    )
    (tmp_path / "Makefile").write_text("dev:\n\tdocker build \\\n\t  --target dev a\n")
    _, task = work_of([str(tmp_path)], Settings(), Options()).tasks
    assert not task.known_builds.mentioned
    assert codes(dockerfile, task.known_builds) == ["idle-stage"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "docker build --build-arg BASE .",
        "docker build --build-arg BASE=$(X) .",
        "docker build --build-arg=BASE=x",
        'docker build \\\n  --build-arg \\\n  "BASE=x"',
        "args: ['build', '--build-arg', 'BASE=debian', '-t', 'x', '.']",
        '"args": ["--build-arg","BASE=debian"]',
        "args:\n- build\n- --build-arg\n- BASE=debian\n",
        "args:\n- build\n- --build-arg=BASE=debian\n",
        "run(['docker', 'build', '--build-arg', f'BASE={x}'])",
        "buildctl build --opt build-arg:BASE=x",
        "docker buildx bake --set app.args.BASE=x",
        "build-args: BASE=x",
        "        build-args: |\n          OTHER=1\n          BASE=x\n      - uses: a/b\n",
        "build:\n  args:\n    OTHER: a\n    BASE: ${BASE}\n",
        "build:\n  args:\n    - OTHER=a\n    - BASE\n",
        "build:\n  args:\n  - BASE=a\n",
        "build: {context: ., args: {BASE: a}}",
        "args: [BASE]",
        "x-args: &common\n  BASE: a\n",
        'buildArgs: {BASE: "debian:12"}',
        "buildArgs:\n  BASE: debian\n",
        "build_args:\n  # the base\n\n  BASE: debian\n",
        "- buildArgs:\n    OTHER: a\n    BASE: debian\n",
        "docker_build('x', '.', build_args={'BASE': 'a'})",
        "build_args = dict(BASE='a')",
        "build_args['BASE'] = 'a'",
        '"build": {\n "args": {\n  "OTHER": "{}",\n  "BASE": "a"\n }\n}',
        "args = {\n  OTHER = 1\n  BASE = BASE\n}",
        'args = merge(common, { "BASE" = BASE })',
        'buildArgs = mapOf("BASE" to "a")',
        "docker build --build-context BASE=../base .",
        "additional_contexts:\n  BASE: ../base\n",
        'contexts = { BASE = "target:base" }',
    ],
)
def test_names_that_are_passed_to_a_build(text: str) -> None:
    assert "BASE" in set(passed_names(text))


@pytest.mark.parametrize(
    "text",
    [
        "ARG BASE",
        "ARG BASE=1\nFROM $BASE",
        "environment:\n  BASE: a\n",
        "args:\n  OTHER: a\nBASE: b\n",
        "build:\n  args:\n    OTHER: a\n  BASE: b\n",
        "args = {OTHER = 1}\nBASE = 1\n",
        "args == BASE=1",
        "large: BASE=1",
        "target: BASE",
    ],
)
def test_names_that_are_not_passed(text: str) -> None:
    assert "BASE" not in set(passed_names(text))


def test_long_values_cost_little() -> None:
    assert not set(passed_names("args: " * 40_000)) & {"BASE"}
    assert not set(passed_names("args: {" * 30_000)) & {"BASE"}
    assert not set(passed_names("--build-arg" + " " * 200_000)) & {"BASE"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("skaffold.yaml", 'build:\n  artifacts:\n  - docker:\n      buildArgs: {BASE: "debian:12"}\n'),
        ("docker/trt.hcl", 'target "app" {\n  args = { BASE = BASE }\n}\n'),
        ("cloudbuild.yaml", "steps:\n- args: ['build', '--build-arg', 'BASE=debian', '.']\n"),
        ("Makefile", "docker-%:\n\tdocker build --build-arg BASE=$(BASE) --target $* .\n"),
        ("build.sh", 'docker build --build-arg BASE "$CONTEXT"\n'),
        ("docker-compose-test.yml", "services:\n  a:\n    build:\n      args:\n        BASE: ${BASE}\n"),
        (
            "compose.yaml",
            "x-a: &a\n  BASE: ${BASE}\nservices:\n  a:\n    build:\n      context: $DIR\n      args: *a\n",
        ),
    ],
)
def test_an_argument_that_another_file_passes(tmp_path: Path, name: str, text: str) -> None:
    dockerfile = "ARG BASE\nFROM ${BASE}\n"
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text(dockerfile)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    (task,) = work_of([str(tmp_path)], Settings(), Options()).tasks
    assert codes(dockerfile, task.known_builds) == []
    assert codes(dockerfile.replace("BASE", "BASIS"), task.known_builds) == ["unset-argument"]
