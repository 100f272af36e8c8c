"""JSON is what its schema says."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given

import stagegraph as sg
from stagegraph.formats.json import to_json

from .build import report
from .conftest import ROOT
from .strategies import dockerfiles
from .test_samples import NAMES, SAMPLES, report_of

SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_valid(name: str) -> None:
    sample = SAMPLES[NAMES.index(name)]
    VALIDATOR.validate(json.loads(sg.render(report_of(sample), "json")))


@given(dockerfiles())
def test_every_generated_report_is_valid(text: str) -> None:
    try:
        found = sg.analyse(sg.read(sg.Source(name="Dockerfile", text=text)))
    except sg.StagegraphError:
        return
    VALIDATOR.validate(json.loads(sg.render(found, "json")))


def test_the_schema_refuses_what_it_does_not_know() -> None:
    data = json.loads(sg.render(report("FROM a\n"), "json"))
    data["nodes"][0]["surprise"] = 1
    assert not VALIDATOR.is_valid(data)


def test_control_and_formatting_characters_are_escaped() -> None:
    text = to_json({"a": "\x9b31m\x7f\u202e\U000e0001é\udc80"})
    assert text == '{\n  "a": "\\u009b31m\\u007f\\u202e\\udb40\\udc01é?"\n}\n'
    assert json.loads(text) == {"a": "\x9b31m\x7f\u202e\U000e0001é?"}
