"""The rules and the dashboard of infra/observability: their own tests, their runbook, and a live scrape."""

import json
import pathlib
import re
import socket
import subprocess
import urllib.parse
import urllib.request

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from support.http import call
from support.waiting import until

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = ROOT / "infra" / "observability"
RULES = yaml.safe_load((FOLDER / "rules.yml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule]
PANELS = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
# These have data in a stack where something went wrong.
MAY_BE_EMPTY = ("rejected", "p50", "p99")


def test_the_rules_pass_their_tests():
    for command in (["check", "rules", "rules.yml"], ["check", "config", "prometheus.yml"], ["test", "rules", "rules_test.yml"]):
        ended = subprocess.run(["promtool", *command], cwd=FOLDER, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_each_alert_has_a_test_and_an_entry_in_the_runbook():
    tests = (FOLDER / "rules_test.yml").read_text()
    page = (ROOT / "docs" / "operations.md").read_text()
    runbook = re.search(r"\n## Runbook\n(.*?)\n## ", page, re.DOTALL).group(1)
    names = [rule["alert"] for rule in ALERTS]
    assert names == re.findall(r"^\| `(Waybill\w+)` \|", runbook, re.MULTILINE)
    for rule in ALERTS:
        assert f"alertname: {rule['alert']}\n        exp_alerts" in tests
        assert rule["annotations"]["summary"] and rule["labels"]["severity"] in ("critical", "warning")


@pytest.fixture(scope="module")
def query(stack, tmp_path_factory):
    """Prometheus' answer to a query, of a scrape of the stack's replicas."""
    folder = tmp_path_factory.mktemp("prometheus")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    description = stack.description
    targets = [urllib.parse.urlsplit(one["url"]).netloc for kind in ("accept", "process", "notification", "console")
               for one in description[kind]]
    (folder / "prometheus.yml").write_text(yaml.safe_dump({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(FOLDER / "rules.yml")],
        "scrape_configs": [{"job_name": "waybill", "static_configs": [{"targets": targets}]}]}))
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)

    def query(expression):
        address = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)["data"]["result"]

    def scraped(count):
        try:
            return float((query("min(count_over_time(up[1m]))") or [{"value": [0, 0]}])[0]["value"][1]) >= count
        except OSError:
            return False

    try:
        until("Prometheus scrapes every replica", lambda: scraped(2), 30)
        token = stack.token("SCRAPED")
        order = call(f"{stack.edge}/api/orders", {"items": [{"productId": "AZ-104", "quantity": 1}]}, token)
        until("it is completed", lambda: call(f"{stack.edge}/api/orders/{order['id']}", None, token)["status"] == "COMPLETED", 20)
        until("and scraped", lambda: query("increase(waybill_orders_accepted_total[1m]) > 0"), 30)
        yield query
    finally:
        server.terminate()
        server.wait(10)


def test_openmetrics_is_written_where_it_is_asked_for(stack):
    for kind in ("accept", "process", "notification", "console"):
        request = urllib.request.Request(
            f"{stack.description[kind][0]['url']}/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
            families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
        assert families["waybill_http_connections_accepted"].type == "counter" and families["waybill_build_info"].type == "gauge"


def test_every_replica_is_scraped(query):
    assert {one["value"][1] for one in query('up{job="waybill"}')} == {"1"}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_every_query_of_the_dashboard_has_data(query, panel):
    for target in panel["targets"]:
        if target["legendFormat"] in MAY_BE_EMPTY:
            query(target["expr"])
        else:  # a rate needs two scrapes of a new series
            until(target["expr"], lambda expression=target["expr"]: query(expression), 10)


def test_every_metric_of_the_rules_is_exported(query):
    known = {one["metric"]["__name__"] for one in query('{job="waybill"}')}
    for group in RULES["groups"]:
        for rule in group["rules"]:
            for name in re.findall(r"\bwaybill_\w+", re.sub(r"waybill:\w+", "", rule["expr"])):
                assert name in known, name
