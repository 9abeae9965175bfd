"""Fixtures: a collector of traces, and a stack that sends it all of them."""

import pytest

from collector import Collector
from support.stack import running


@pytest.fixture(scope="session")
def collector():
    collector = Collector()
    yield collector
    collector.stop()


@pytest.fixture(scope="session")
def stack(collector):
    with running(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url) as stack:
        yield stack
