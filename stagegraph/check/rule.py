"""A rule, the problems that it finds, and the subject that it checks; the official images of Docker Hub."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

from msgspec import Struct

from stagegraph.check.comments import Extent
from stagegraph.dockerfile.file import Dockerfile, pointing_at
from stagegraph.dockerfile.instructions import Instruction
from stagegraph.dockerfile.stages import Resolved, StageOrImage
from stagegraph.model import Finding, Reach, Severity
from stagegraph.options import Options
from stagegraph.reach.reachability import Reached
from stagegraph.source import Span, quoted


class Problem(Struct, frozen=True, kw_only=True):
    """A Finding with its columns; ``stage`` is the index of the stage that it is about."""

    code: str
    severity: Severity
    span: Span
    message: str
    why: str = ""
    fix: str = ""
    stage: int | None = None

    @property
    def finding(self) -> Finding:
        """The Finding of a Report, which has lines only."""
        return Finding(
            code=self.code,
            severity=self.severity,
            line=self.span.line,
            end_line=self.span.end_line,
            message=self.message,
            why=self.why,
            fix=self.fix,
        )


class Subject(Struct, frozen=True, kw_only=True):
    """A Dockerfile and everything that a rule may use.

    ``questions`` are the known builds; ``resolved`` is for the first of them that BuildKit accepts,
    with placeholders for unset arguments where it accepts none without. ``targets_known`` says that
    no other target is built, ``arguments_known`` that no build sets other build arguments.
    """

    file: Dockerfile
    resolved: Resolved
    reached: tuple[Reached, ...]
    extents: tuple[Extent, ...]
    questions: tuple[Options, ...]
    targets_known: bool = False
    arguments_known: bool = False
    builds: tuple[str, ...] = ()  # where the known builds are defined: "docker-bake.hcl:3"
    mentioned: Container[str] = ()  # names that a file uses as a target, outside the known builds
    passed: Container[str] = ()  # names that a file passes to some build as an argument or a context

    @property
    def stages(self) -> list[StageOrImage]:
        """The resolved stages, in order; for a single one use ``stage``, which copies no list."""
        return self.resolved.sources[: len(self.file.stages)]

    def stage(self, index: int) -> StageOrImage:
        """The resolved stage ``index``."""
        return self.resolved.sources[index]

    def title(self, index: int) -> str:
        """The name of a stage in messages, quoted: its own, or the one that BuildKit gives it."""
        return quoted(self.resolved.sources[index].title)

    def is_needed(self, index: int) -> bool:
        """Whether a known build builds the stage."""
        return self.reached[index].reach is Reach.NEEDED

    def pointing_at(self, item: Instruction, word: str) -> Span:
        """The span of ``item``, with the columns of ``word`` if it is on the first line."""
        return pointing_at(self.file.source, item.span, word)


Check = Callable[[Subject], Iterator[Problem]]


class Rule(Struct, frozen=True, kw_only=True):
    """``severity`` is the highest that the rule gives; ``summary`` is one sentence for lists of rules."""

    code: str
    severity: Severity
    summary: str
    check: Check


# The official images of Docker Hub: Docker can pull no other image whose name is one word.
_OFFICIAL_NAMES = """
adminer aerospike almalinux alpine alt amazoncorretto amazonlinux api-firewall arangodb archlinux
backdrop bash bonita buildpack-deps busybox caddy cassandra centos chronograf cirros clearlinux
clefos clickhouse clojure composer convertigo couchbase couchdb crate dart debian docker drupal
eclipse-mosquitto eclipse-temurin eggdrop elasticsearch elixir emqx erlang express-gateway fedora
flink fluentd friendica gazebo gcc geonetwork ghost golang gradle groovy haproxy haskell haxe
hello-world hitch hola-mundo httpd hylang ibmjava ibm-semeru-runtimes influxdb irssi jetty jobber
joomla jruby julia kapacitor kibana kong krakend lightstreamer liquibase logstash mageia mariadb
matomo maven mediawiki memcached mongo mongo-express monica mono mysql nats nats-streaming neo4j
neurodebian nextcloud nginx node notary nuxeo odoo open-liberty openjdk opensuse oraclelinux orientdb
percona perl phoenix photon php php-zendserver phpmyadmin plone postfixadmin postgres pypy python
r-base rabbitmq rakudo-star rapidoid redis redmine registry rethinkdb rocket.chat rockylinux
ros ruby rust sapmachine satosa scratch sentry silverpeas sl solr sonarqube sourcemage spark
spiped storm swarm swift swipl teamspeak telegraf thrift tomcat tomee traefik ubuntu
ubuntu-debootstrap unit varnish vault websphere-liberty wordpress xwiki yourls znc zookeeper
"""
_OFFICIAL = frozenset(_OFFICIAL_NAMES.split())


def is_official(name: str) -> bool:
    """Whether Docker Hub has an official image ``name``, a name without a registry and a user."""
    return name in _OFFICIAL
