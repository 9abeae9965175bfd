"""The live connection: reconnect, resume, token refresh and fallbacks."""

import json

import pytest
from playwright.sync_api import expect

from customer import expect_completed, expect_live, expect_not_reloaded, expect_status, mark_page, order, pill
from support import tokens

NO_SHARED_WORKER = "delete window.SharedWorker"
NO_WEBSOCKET = NO_SHARED_WORKER + "; window.WebSocket = class { constructor() { throw new Error('blocked') } }"
NETWORK = r"net::ERR_INTERNET_DISCONNECTED|WebSocket connection|50[234]|net::ERR_"


NO_STORAGE = """
for (const name of ['localStorage', 'sessionStorage'])
  Object.defineProperty(window, name, { get() { throw new DOMException('site data is blocked', 'SecurityError') } })
"""
FULL_STORAGE = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"
NO_SHARING = NO_SHARED_WORKER + """
window.BroadcastChannel = class { constructor() { throw new DOMException('refused', 'SecurityError') } }
if (navigator.locks) navigator.locks.request = () => Promise.reject(new DOMException('refused', 'SecurityError'))
"""


def with_token(customer, text):
    customer.context.add_init_script(
        "if (location.protocol !== 'about:' && !sessionStorage.tokenSet) { localStorage.setItem('waybill.session',"
        f" JSON.stringify({{ token: '{text}', storedAt: Date.now() }})); sessionStorage.tokenSet = 1 }}")
    return customer


def test_updates_missed_offline_are_shown_after_reconnect(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error(NETWORK)
    page = customer.signed_in()
    with stack.processing_paused():
        number = order(page, "AZ-104")
        customer.context.set_offline(True)
        expect(pill(page)).to_have_attribute("data-phase", "offline")
        expect(pill(page)).to_contain_text("Offline")
        mark_page(page)
    stack.await_status(number, "COMPLETED")
    expect_status(page, "Accepted")
    customer.context.set_offline(False)
    expect_live(page)
    expect_completed(page)
    expect_not_reloaded(page)


@pytest.mark.parametrize("script", [
    NO_STORAGE, *(pytest.param(script, marks=pytest.mark.long) for script in (FULL_STORAGE, NO_SHARING))], ids=["blocked", "full", "unshared"])
def test_a_browser_that_refuses_what_tabs_share_can_order(new_customer, script):
    page = new_customer(script=script).signed_in()
    order(page, "AZ-104")
    expect_completed(page)


def test_unrecoverable_resume_fetches_the_order(new_customer, stack):
    customer = new_customer(script=NO_SHARED_WORKER)  # the page's own WebSocket can be observed
    customer.expect_console_error(NETWORK)
    page = customer.tab()
    frames = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda text: frames.append(json.loads(text))))
    customer.sign_in(page)
    with stack.processing_paused():
        number = order(page, "AZ-104")
        customer.context.set_offline(True)
        expect(pill(page)).to_have_attribute("data-phase", "offline")
        mark_page(page)
    stack.await_status(number, "COMPLETED")
    stack.redis("DEL", "notify:epoch", f"notify:mailbox:{customer.user}")  # simulates data loss in Redis
    frames.clear()
    customer.context.set_offline(False)
    expect_live(page)
    expect_completed(page)
    expect_not_reloaded(page)
    assert [frame["recovered"] for frame in frames if frame["type"] == "resumed"] == [False]
    assert not [frame for frame in frames if frame["type"] == "order.status"], "an update was replayed after recovered:false"


def test_killed_notifier_loses_no_update(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error(NETWORK)
    page = customer.signed_in()
    with stack.processing_paused():
        order(page, "KS-201")
        mark_page(page)
        page.evaluate("""() => {
            const pill = document.querySelector('connection-pill'), seen = (window.seen = []);
            new MutationObserver(() => seen.push(pill.dataset.phase)).observe(pill, { attributes: true });
        }""")
        stack.kill_notifier(pill(page).get_attribute("data-replica"))
        page.wait_for_function("() => window.seen.includes('waiting')")
    expect_completed(page)
    expect_live(page)
    expect_not_reloaded(page)
    stack.await_ready()


def test_forged_token_is_replaced(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error(r"401|WebSocket connection")
    with_token(customer, tokens.mint(stack.jwt, customer.user, secret="x" * 48))
    page = customer.tab()
    expect_live(page)
    expect(page.get_by_text("145 products")).to_be_visible()


def renewals(customer):
    """The development sign-ins of the customer's pages, counted from now on."""
    found = []
    customer.context.on("request", lambda request: request.url.endswith("/dev/token") and found.append(request))
    return found


@pytest.mark.parametrize("minutes", [50, *(pytest.param(minutes, marks=pytest.mark.long) for minutes in (-50, 60 * 24 * 400))])
def test_a_wrong_clock_costs_no_renewals(new_customer, minutes):
    customer = new_customer(script=f"const real = Date.now; Date.now = () => real() + {minutes} * 60_000;")
    found = renewals(customer)
    page = customer.signed_in()
    order(page, "AZ-104")
    expect_completed(page)
    page.reload()
    expect_completed(page)
    expect_live(page)
    assert len(found) == 1


def test_refused_tokens_cost_few_renewals(new_customer):
    customer = new_customer()
    customer.expect_console_error("401")
    found = renewals(customer)
    page = customer.signed_in()
    refused = []

    def refuse(route):
        refused.append(route.request)
        route.fulfill(status=401, content_type="application/problem+json", body='{"status":401,"title":"Unauthorized"}')
    customer.context.route("**/api/orders*", refuse)
    for _ in range(10):
        page.goto("/#/orders")
        expect(page.get_by_role("alert")).to_be_visible()
        page.goto("/#/cart")
    assert len(refused) >= 10 and len(found) <= 3  # the sign-in, a renewal, and one more at once


@pytest.mark.long
def test_a_short_lived_token_costs_few_renewals(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error(r"401|WebSocket connection")
    short = tokens.mint(stack.jwt, customer.user, 1)
    customer.context.route("**/dev/token", lambda route: route.fulfill(
        content_type="application/json", body=json.dumps({"userId": customer.user, "token": short, "expiresAtUtc": ""})))
    found = renewals(customer)
    page = with_token(customer, short).tab()
    expect(page.get_by_text("145 products")).to_be_visible()  # within the leeway
    page.wait_for_timeout(6000)
    assert len(found) <= 3


@pytest.mark.long
def test_token_is_refreshed_in_band_before_expiry(new_customer, stack):
    customer = new_customer()
    with_token(customer, tokens.mint(stack.jwt, customer.user, 8))
    page = customer.tab()
    expect_live(page)
    mark_page(page)
    connected_to = page.evaluate("""() => {
        const pill = document.querySelector('connection-pill');
        window.seen = [];
        new MutationObserver(() => window.seen.push(pill.dataset.phase)).observe(pill, { attributes: true });
        return pill.dataset.replica;
    }""")
    page.wait_for_function(
        "() => JSON.parse(atob(JSON.parse(localStorage['waybill.session']).token.split('.')[1])).exp * 1000 > Date.now() + 60000")
    page.wait_for_timeout(2500)  # past the expiry of the first token
    assert "waiting" not in page.evaluate("window.seen")
    assert pill(page).get_attribute("data-replica") == connected_to
    order(page, "AZ-104")
    expect_completed(page)


def test_leader_tab_is_replaced_without_shared_workers(new_customer):
    customer = new_customer(script=NO_SHARED_WORKER)
    leader = customer.signed_in()
    follower = customer.tab("/orders")
    expect_live(follower)
    leader.close()
    expect_live(follower)
    order(follower, "SM-150")
    expect_completed(follower)


@pytest.mark.parametrize("worker", [
    "class { constructor() { throw new Error('blocked') } }",  # does not start
    "class { port = { postMessage() {}, close() {} } }",  # hangs
    "class { port = { postMessage: () => queueMicrotask(() => this.port.onmessage?.({ data: { type: 'alive', version: 0 } })), close() {} } }",
    "class { constructor() { setTimeout(() => this.onerror?.()) } port = { postMessage() {}, close() {} } }",  # does not load
], ids=["throws", "hangs", "other version", "fails"])
def test_a_tab_helps_itself_without_a_shared_worker(new_customer, worker):
    customer = new_customer(script=f"window.SharedWorker = {worker}")
    page = customer.signed_in()
    order(page, "AZ-104")
    expect_completed(page)


@pytest.mark.long
def test_a_follower_leaves_a_leader_that_hangs(new_customer):
    """The leader's page is in an endless loop: it keeps its lock, and its updates do not come."""
    customer = new_customer(script=NO_SHARED_WORKER)
    leader = customer.signed_in()
    follower = customer.tab("/orders")
    expect_live(follower)
    leader.evaluate("setTimeout(() => { const end = Date.now() + 20_000; while (Date.now() < end); })")
    order(follower, "AZ-104")
    expect_completed(follower)
    expect_live(follower)


def test_server_sent_events_replace_blocked_websockets(new_customer):
    page = new_customer(script=NO_WEBSOCKET).signed_in()
    expect(pill(page)).to_have_attribute("data-transport", "sse")
    order(page, "QS-220")
    expect_completed(page)
