"""The operator's console: who may see it, what it shows, and its buttons."""

import json
import re
import time
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from customer import order
from issuer import token


class Operator:
    def __init__(self, customer):
        self.one = customer(user="OPERATOR")
        self.page = self.one.context.new_page()

    def signed_in(self, path="/"):
        page = self.page
        page.goto("/ops/#" + path)
        page.get_by_label("User id").fill(self.one.user)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator(".pill")).to_have_text("Live")
        return page


@pytest.fixture
def operator(customer):
    return Operator(customer)


def request(stack, path, bearer=None, body=None, **headers):
    """Status and document of the console's answer."""
    headers |= {"Authorization": f"Bearer {bearer}"} if bearer else {}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(stack.edge + "/ops/api/" + path, data, headers), timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def accepted(page):
    return page.get_by_role("region", name="Accepted", exact=True)


def test_streams_figures_and_tables_follow_what_happens(operator, customer, stack):
    page = operator.signed_in()
    number = order(customer().signed_in(), "AZ-104", "KS-201")
    for name in ("Accepted", "Processed"):
        row = page.get_by_role("region", name=name, exact=True).locator("li", has=page.get_by_text(str(number), exact=True))
        expect(row).to_contain_text("2 lines" if name == "Accepted" else " ms")
    for queue in ("order.accepted", "order.processed", "order.failed"):
        expect(page.get_by_role("row", name=queue)).to_be_visible()
    replicas = page.get_by_role("region", name="Replicas", exact=True).locator("tbody tr")
    running = stack.description
    expect(replicas).to_have_count(len(running["notification"]))
    expect(page.get_by_role("img", name=re.compile("^Throughput: Accepted"))).to_be_visible()
    expect(page.get_by_role("region", name="Outbox")).to_contain_text("Events waiting to be published")
    expect(page.get_by_role("region", name="Services", exact=True).locator("tbody tr")).to_have_count(
        sum(len(running[kind]) for kind in ("accept", "process", "notification")))
    page.get_by_role("button", name="Pause").click()
    other = operator.one.context.new_page()
    other.goto("/ops/")
    later = customer()
    order(later.signed_in(), "AZ-104")
    expect(accepted(other)).to_contain_text(later.user)
    expect(accepted(page)).not_to_contain_text(later.user)
    page.get_by_role("button", name="Pause").click()
    expect(accepted(page)).to_contain_text(later.user)


def test_dead_letters_are_dropped_and_replayed(operator, stack):
    stack.bury("order.accepted", "LETTER-1", "not even JSON")
    stack.bury("order.accepted", "LETTER-2", '{"what": "is this"}')
    page = operator.signed_in("/dead-letters")
    letters = page.locator(".letter")
    expect(letters).to_have_count(2)
    expect(page.get_by_role("status").filter(has_text="2 letters")).to_be_visible()
    page.get_by_role("button", name="Drop").click()
    expect(page.get_by_role("alert")).to_have_text("Choose some letters first.")
    letters.nth(0).locator("summary").click()
    expect(letters.nth(0).locator("pre")).to_have_text("not even JSON")
    letters.nth(0).get_by_role("checkbox").check()
    page.get_by_role("button", name="Drop").click()
    page.get_by_role("dialog").get_by_role("button", name="Drop").click()
    expect(letters).to_have_count(1)
    expect(letters.first.locator("pre")).to_contain_text("is this")
    # It cannot be processed this time either, and comes back with the reason.
    page.get_by_role("button", name="Choose all").click()
    page.get_by_role("button", name="Replay").click()
    expect(letters.first.locator("label")).not_to_contain_text("buried by a test")
    expect(letters).to_have_count(1)
    page.goto("/ops/#/")
    page.get_by_role("row", name="order.accepted").get_by_role("link", name="1").click()
    page.get_by_role("button", name="Choose all").click()
    page.get_by_role("button", name="Drop").click()
    page.get_by_role("dialog").get_by_role("button", name="Drop").click()
    expect(page.get_by_role("heading", name="Nothing is dead here")).to_be_visible()


def test_the_failover_lab_kills_a_replica_and_loses_nothing(operator, stack):
    operator.one.expect_complaint(r"WebSocket connection|net::ERR_")
    page = operator.signed_in("/lab")
    page.get_by_role("button", name="Begin").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(4)
    heard = rows.nth(0).locator("td").nth(1)
    expect(heard).to_have_text(re.compile(r"^[5-9]$|^\d\d"))
    ports = {row.locator("td").nth(0).inner_text() for row in rows.all()}
    assert len(ports) > 1, "the tabs are not spread over the replicas"
    victim = sorted(ports)[0]
    page.get_by_role("button", name=f"Kill order-notification@{victim}").click()
    expect(page.locator(".stop-name")).to_have_text(f"{victim} killed")
    before = int(heard.inner_text())
    page.wait_for_function("before => Number(document.querySelector('tbody td:nth-child(3)').textContent) >= before + 6", arg=before)
    page.get_by_role("button", name="End").click()
    expect(page.get_by_role("status").filter(has_text="every tab heard each exactly once")).to_be_visible()
    assert any(int(row.locator("td").nth(4).inner_text().split()[0]) > 0 for row in rows.all()), "no tab lost its connection"
    stack.await_notifiers()


def test_a_console_that_is_away_comes_back(operator, stack):
    operator.one.expect_complaint(r"50[234]|net::ERR_")
    page = operator.signed_in()
    with stack.without("console-1"):
        expect(page.locator(".pill")).to_have_text("Console away, trying again")
    expect(page.locator(".pill")).to_have_text("Live")


def test_only_operators_are_let_in(customer, stack):
    someone = customer()
    someone.expect_complaint("403")
    stolen = json.dumps({"token": token(stack.jwt, someone.user), "from": "issuer", "refreshToken": None})
    someone.context.add_init_script(f"if (location.protocol.startsWith('http')) localStorage.setItem('waybill.operator', '{stolen}')")
    page = someone.context.new_page()
    page.goto("/ops/")
    expect(page.get_by_role("heading", name="This takes the role of an operator")).to_be_visible()


PATHS = [("stream", None), ("dead-letters/order.accepted", None), ("dead-letters/order.accepted/drop", {"ids": ["x"]}),
         ("dead-letters/order.accepted/replay", {"ids": ["x"]}), ("lab/stop", {"replica": "order-notification@1"})]


@pytest.mark.parametrize("path,body", PATHS)
def test_every_route_wants_a_token_the_role_and_a_page_of_ours(stack, path, body):
    json_body = {"Content-Type": "application/json"}
    operator = token(stack.jwt, "OPERATOR", roles=["operator"])
    assert request(stack, path, None, body, **json_body)[0] == 401
    assert request(stack, path, token(stack.jwt, "X", roles=["operator"], secret="x" * 48), body, **json_body)[0] == 401
    assert request(stack, path, token(stack.jwt, "CUST-0001"), body, **json_body)[0] == 403
    assert request(stack, path, operator, body, Origin="https://evil.example", **json_body)[0] == 403
    assert request(stack, path, operator, body, **{"Sec-Fetch-Site": "cross-site"}, **json_body)[0] == 403
    if body:
        assert request(stack, path, operator, body, **{"Content-Type": "text/plain"})[0] == 415


def test_a_stream_ends_with_the_token_that_began_it(stack):
    bearer = token(stack.jwt, "OPERATOR", seconds=2, roles=["operator"])
    asked = urllib.request.Request(stack.edge + "/ops/api/stream", headers={"Authorization": f"Bearer {bearer}"})
    end = time.monotonic() + 6
    with urllib.request.urlopen(asked, timeout=10) as stream:
        assert stream.readline() == b"event: hello\n"
        while stream.readline():
            assert time.monotonic() < end, "it outlives its token"


def test_what_is_asked_of_the_buttons_has_bounds(stack):
    operator, kind = token(stack.jwt, "OPERATOR", roles=["operator"]), {"Content-Type": "application/json"}
    for ids in ([], ["x"] * 101, [7], "all"):
        assert request(stack, "dead-letters/order.accepted/drop", operator, {"ids": ids}, **kind)[0] == 400
    assert request(stack, "dead-letters/other/drop", operator, {"ids": ["x"]}, **kind)[0] == 404
    assert request(stack, "dead-letters/other", operator)[0] == 404
    assert request(stack, "lab/stop", operator, {"replica": "order-notification@1"}, **kind)[0] == 404
    assert request(stack, "lab/stop", operator, {"replica": "redis"}, **kind)[0] == 404
    assert request(stack, "lab/stop", operator, {"replica": "order-notification@1", "way": "burn"}, **kind)[0] == 400
