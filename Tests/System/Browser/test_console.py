"""The operator's console: authorization, overview, dead letters and failover lab."""

import json
import re
import time
import urllib.request

import pytest
from playwright.sync_api import expect

from customer import expect_live, order
from support import tokens
from support.http import status_of
from support.waiting import until


class Operator:
    def __init__(self, new_customer):
        self.customer = new_customer(user="OPERATOR")
        self.page = self.customer.context.new_page()

    def signed_in(self, path="/"):
        page = self.page
        page.goto("/ops/#" + path)
        page.get_by_label("User id").fill(self.customer.user)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator(".pill")).to_have_text("Live")
        return page


@pytest.fixture
def operator(new_customer):
    return Operator(new_customer)


def status(stack, path, token=None, body=None, **headers):
    """The status of the console's answer."""
    return status_of(f"{stack.edge}/ops/api/{path}", body, token, **headers)


def accepted_events(page):
    return page.get_by_role("region", name="Accepted", exact=True)


def test_overview_shows_live_events_metrics_and_replicas(operator, new_customer, stack):
    page = operator.signed_in()
    number = order(new_customer().signed_in(), "AZ-104", "KS-201")
    for name in ("Accepted", "Processed"):
        row = page.get_by_role("region", name=name, exact=True).locator("li", has=page.get_by_text(str(number), exact=True))
        expect(row).to_contain_text("2 lines" if name == "Accepted" else " ms")
    for queue in ("order.accepted", "order.processed", "order.failed"):
        expect(page.get_by_role("row", name=queue)).to_be_visible()
    replicas = page.get_by_role("region", name="Replicas", exact=True).locator("tbody tr")
    description = stack.description
    expect(replicas).to_have_count(len(description["notification"]))
    expect(page.get_by_role("img", name=re.compile("^Throughput: Accepted"))).to_be_visible()
    expect(page.get_by_role("region", name="Waiting", exact=True)).to_contain_text("Events waiting to be published")
    expect(page.get_by_role("region", name="Servers", exact=True).locator("tbody tr")).to_have_count(3)
    expect(page.get_by_role("region", name="Services", exact=True).locator("tbody tr")).to_have_count(
        sum(len(description[kind]) for kind in ("accept", "process", "notification")))
    page.get_by_role("button", name="Pause").click()
    other = operator.customer.context.new_page()
    other.goto("/ops/")
    later = new_customer()
    order(later.signed_in(), "AZ-104")
    expect(accepted_events(other)).to_contain_text(later.user)
    expect(accepted_events(page)).not_to_contain_text(later.user)
    page.get_by_role("button", name="Pause").click()
    expect(accepted_events(page)).to_contain_text(later.user)


def test_dead_letters_are_dropped_and_replayed(operator, stack):
    stack.publish_dead_letter("order.accepted", "DEAD-1", "not even JSON")
    stack.publish_dead_letter("order.accepted", "DEAD-2", '{"what": "is this"}')
    page = operator.signed_in("/dead-letters")
    messages = page.locator(".dead-letter")
    expect(messages).to_have_count(2)
    expect(page.get_by_role("status").filter(has_text="2 messages")).to_be_visible()
    buttons = page.locator(".actions:not(.group .actions)")
    buttons.get_by_role("button", name="Drop").click()
    expect(page.get_by_role("alert").filter(has_text="Select")).to_have_text("Select at least one message.")
    messages.nth(0).locator("summary").click()
    expect(messages.nth(0).locator("pre")).to_have_text("not even JSON")
    messages.nth(0).get_by_role("checkbox").check()
    buttons.get_by_role("button", name="Drop").click()
    page.get_by_role("dialog").get_by_role("button", name="Drop").click()
    expect(messages).to_have_count(1)
    expect(messages.first.locator("pre")).to_contain_text("is this")
    # Processing fails again and dead-letters it with the reason.
    page.get_by_role("button", name="Select all").click()
    buttons.get_by_role("button", name="Replay").click()
    expect(messages.first.locator("label")).not_to_contain_text("dead-lettered by a test")
    expect(page.get_by_role("region", name="Replay")).to_contain_text("1 failed again")
    expect(messages).to_have_count(1)
    page.goto("/ops/#/")
    page.get_by_role("row", name="order.accepted").get_by_role("link", name="1").click()
    page.locator(".group").get_by_role("button", name="Drop").click()
    page.get_by_role("dialog").get_by_role("button", name="Drop").click()
    expect(page.get_by_role("heading", name="No dead letters")).to_be_visible()
    page.get_by_role("link", name="Audit log").click()
    rows = page.locator("tbody tr")
    expect(rows.nth(0)).to_contain_text("drop dead letters")
    expect(rows.nth(1)).to_contain_text("replay dead letters")
    expect(rows.nth(0)).to_contain_text(operator.customer.user)


def test_a_group_is_replayed_after_its_first_message(operator, stack):
    for number in range(3):
        stack.publish_dead_letter("order.accepted", f"GROUP-{number}", "no JSON")
    page = operator.signed_in("/dead-letters")
    expect(page.locator(".group")).to_contain_text("3 × dead-lettered by a test")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    assert {message["id"] for message in json.loads(download.value.path().read_text())} == {
        f"GROUP-{number}" for number in range(3)}
    page.get_by_role("button", name="Replay all 3").click()
    replay = page.get_by_role("region", name="Replay")
    expect(replay).to_contain_text("Stopped after 1 of 3: the first one failed again", timeout=15_000)
    # Only the first one was tried.
    expect(page.locator(".group").filter(has_text="2 × dead-lettered by a test")).to_be_visible()
    page.get_by_label("Find").fill("GROUP-2")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".dead-letter")).to_have_count(1)
    page.goto("/ops/#/dead-letters")
    for _ in range(2):
        page.locator(".group").first.get_by_role("button", name=re.compile("^Drop")).click()
        page.get_by_role("dialog").get_by_role("button", name="Drop").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("status").filter(has_text="dropped")).to_be_visible()
    expect(page.get_by_role("heading", name="No dead letters")).to_be_visible()


def test_an_outage_is_the_first_thing_to_see(operator, stack):
    page = operator.signed_in()
    problems = page.get_by_role("region", name="Problems")
    expect(problems).to_contain_text("All is well")
    with stack.processing_paused():
        expect(problems.locator(".problem").first).to_contain_text("does not answer")
        expect(problems.locator(".problem-critical").first).to_contain_text("Next: waybill up restarts it")
        expect(page.get_by_role("region", name="Services", exact=True).locator(".state-hung")).to_have_count(1)
    expect(problems).to_contain_text("All is well")


def test_an_order_is_found_and_explained(operator, new_customer, stack):
    customer = new_customer()
    number = order(customer.signed_in(), "AZ-104")
    page = operator.signed_in("/orders")
    page.get_by_label("Customer").fill(customer.user)
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile(f"user={customer.user}"))
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    rows.get_by_role("link", name=str(number)).click()
    finding = page.get_by_role("region", name="What became of it")
    expect(finding).to_contain_text("COMPLETED")
    steps = page.locator(".timeline-step")
    for text in ("Accepted by RabbitMQ", "Written to PostgreSQL", "put into the mailbox", "COMPLETED pushed to the session"):
        expect(steps.filter(has_text=text)).to_have_count(1)
    page.get_by_label("Order number or correlation id").fill("what")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_role("alert").filter(has_text="Write")).to_be_visible()
    page.get_by_label("Order number or correlation id").fill("9007199254740990")
    operator.customer.expect_console_error("404")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_role("alert").filter(has_text="Nobody knows this order")).to_be_visible()


@pytest.mark.parametrize("path", [
    "/", *(pytest.param(path, marks=pytest.mark.long) for path in ("/orders", "/dead-letters", "/sessions", "/audit", "/lab"))])
def test_nothing_is_out_of_sight_on_a_phone(operator, stack, path):
    page = operator.page
    page.set_viewport_size({"width": 390, "height": 844})
    operator.signed_in(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_timeout(300)
    hidden = page.evaluate(
        "() => [...document.querySelectorAll('main *, header *')].filter(one => one.checkVisibility() "
        "&& !one.closest('.visually-hidden, svg, .chart-frame, thead, .skip-link') && one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 90))")
    assert not hidden


def test_a_users_sessions_are_found_and_closed(operator, new_customer, stack):
    """The page connects anew, and goes on where it was."""
    shopper = new_customer()
    tab = shopper.signed_in()
    page = operator.signed_in("/sessions")
    page.get_by_label("Customer").fill(shopper.user)
    ids = page.locator("tbody tr th")

    def found(expected):
        """Whether exactly one session is registered, whose id is as expected; replicas register every five seconds."""
        page.get_by_role("button", name="Find").click()
        page.wait_for_timeout(250)
        return [one for one in ids.all_inner_texts() if expected(one)] if ids.count() == 1 else []

    first = until("the session is registered", lambda: found(lambda _: True), 15)[0]
    page.get_by_role("button", name=f"Close session {first}").click()
    expect(page.get_by_role("status").filter(has_text="1 closed.")).to_be_visible()
    until("another session is registered", lambda: found(lambda one: one != first), 15)
    expect_live(tab)
    page.get_by_role("link", name="Audit log").click()
    expect(page.locator(".acts tbody tr").first).to_contain_text(f"{shopper.user}, session {first}")


def test_failover_lab_kills_a_replica_without_losing_updates(operator, stack):
    operator.customer.expect_console_error(r"WebSocket connection|net::ERR_")
    page = operator.signed_in("/lab")
    page.get_by_role("button", name="Begin").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(4)
    received = rows.nth(0).locator("td").nth(1)
    expect(received).to_have_text(re.compile(r"^[5-9]$|^\d\d"))
    ports = {row.locator("td").nth(0).inner_text() for row in rows.all()}
    assert len(ports) > 1, "all tabs are connected to one replica"
    victim = sorted(ports)[0]
    page.get_by_role("button", name=f"Kill order-notification@{victim}").click()
    expect(page.locator(".fault-name")).to_have_text(f"{victim} killed")
    before = int(received.inner_text())
    page.wait_for_function("before => Number(document.querySelector('tbody td:nth-child(3)').textContent) >= before + 6", arg=before)
    page.get_by_role("button", name="End").click()
    expect(page.get_by_role("status").filter(has_text="every tab received each exactly once")).to_be_visible()
    assert any(int(row.locator("td").nth(4).inner_text().split()[0]) > 0 for row in rows.all()), "no tab was disconnected"
    with page.expect_download() as download:
        page.get_by_role("link", name="Download this run").click()
    run = json.loads(download.value.path().read_text())
    assert len(run["summaries"]) == 4 and all(one["missing"] == one["duplicates"] == 0 for one in run["summaries"])
    page.reload()
    expect(rows).to_have_count(4)
    stack.await_ready()


def test_page_reconnects_after_a_console_restart(operator, stack):
    operator.customer.expect_console_error(r"50[234]|net::ERR_")
    page = operator.signed_in()
    with stack.stopped("console-1"):
        expect(page.locator(".pill")).to_have_text("Console unavailable, reconnecting")
    expect(page.locator(".pill")).to_have_text("Live")


def test_consoles_share_a_stream(operator, stack):
    """HTTP/1.1 gives an origin six connections."""
    page = operator.signed_in()
    context = operator.customer.context
    streams = []
    context.on("request", lambda request: request.url.endswith("/ops/api/stream") and streams.append(request))
    tabs = [context.new_page() for _ in range(7)]
    for tab in tabs:
        tab.goto("/ops/")
        expect(tab.locator(".pill")).to_have_text("Live")
    tabs[-1].goto("/ops/#/dead-letters")
    expect(tabs[-1].get_by_role("heading", level=1)).to_be_visible()
    assert not streams
    page.close()
    until("another tab reads the stream", lambda: (tabs[0].wait_for_timeout(100), len(streams) == 1)[1])
    for tab in tabs:
        expect(tab.locator(".pill")).to_have_text("Live")


def test_user_without_operator_role_is_rejected(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error("403")
    session = json.dumps({
        "token": tokens.mint(stack.jwt, customer.user), "from": "issuer", "refreshToken": None, "storedAt": time.time() * 1000})
    customer.context.add_init_script(f"if (location.protocol.startsWith('http')) localStorage.setItem('waybill.operator', '{session}')")
    page = customer.context.new_page()
    page.goto("/ops/")
    expect(page.get_by_role("heading", name="The operator role is required")).to_be_visible()


PATHS = [("stream", None), ("state", None), ("orders", None), ("orders/1", None), ("acts", None), ("replays/1", None), ("dead-letters/order.accepted", None), ("dead-letters/order.accepted/drop", {"ids": ["x"]}),
         ("dead-letters/order.accepted/replay", {"ids": ["x"]}), ("lab/stop", {"replica": "order-notification@1"})]


@pytest.mark.parametrize("path,body", PATHS)
def test_every_route_requires_token_role_and_same_origin(stack, path, body):
    operator = tokens.mint(stack.jwt, "OPERATOR", roles=["operator"])
    assert status(stack, path, None, body) == 401
    assert status(stack, path, tokens.mint(stack.jwt, "X", roles=["operator"], secret="x" * 48), body) == 401
    assert status(stack, path, tokens.mint(stack.jwt, "CUST-0001"), body) == 403
    assert status(stack, path, operator, body, Origin="https://evil.example") == 403
    assert status(stack, path, operator, body, **{"Sec-Fetch-Site": "cross-site"}) == 403
    if body:
        assert status(stack, path, operator, body, **{"Content-Type": "text/plain"}) == 415


def test_stream_ends_when_its_token_expires(stack):
    token = tokens.mint(stack.jwt, "OPERATOR", seconds=2, roles=["operator"])
    request = urllib.request.Request(stack.edge + "/ops/api/stream", headers={"Authorization": f"Bearer {token}"})
    end = time.monotonic() + 6
    with urllib.request.urlopen(request, timeout=10) as stream:
        assert stream.readline() == b"event: hello\n"
        while stream.readline():
            assert time.monotonic() < end, "the stream outlives its token"


def test_invalid_operator_requests_are_rejected(stack):
    operator = tokens.mint(stack.jwt, "OPERATOR", roles=["operator"])
    for query in ("status=DONE", "size=0", "size=201", "since=yesterday", "before=x"):
        assert status(stack, f"orders?{query}", operator) == 400
    assert status(stack, "orders/what", operator) == 400
    assert status(stack, "orders/9007199254740990", operator) == 404
    assert status(stack, "replays/x", operator) == 404
    assert status(stack, "dead-letters/order.accepted?size=0", operator) == 400
    for ids in ([], ["x"] * 2001, [7], "all"):
        assert status(stack, "dead-letters/order.accepted/drop", operator, {"ids": ids}) == 400
    assert status(stack, "dead-letters/other/drop", operator, {"ids": ["x"]}) == 404
    assert status(stack, "dead-letters/other", operator) == 404
    assert status(stack, "lab/stop", operator, {"replica": "order-notification@1"}) == 404
    assert status(stack, "lab/stop", operator, {"replica": "redis"}) == 404
    assert status(stack, "lab/stop", operator, {"replica": "order-notification@1", "way": "burn"}) == 400
