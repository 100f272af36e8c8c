"""The official images of Docker Hub: Docker can pull no other image whose name is one word."""

from __future__ import annotations

_NAMES = """
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
_OFFICIAL = frozenset(_NAMES.split())


def is_official(name: str) -> bool:
    """Whether Docker Hub has an official image ``name``, a name without a registry and a user."""
    return name in _OFFICIAL
