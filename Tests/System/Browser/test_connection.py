"""The live connection, and what the pill says of it."""

import json
import re

from playwright.sync_api import expect

from customer import expect_completed, expect_live, expect_same, expect_status, mark, order, pill
from issuer import token

NO_SHARED_WORKER = "delete window.SharedWorker"
NO_WEBSOCKET = NO_SHARED_WORKER + "; window.WebSocket = class { constructor() { throw new Error('blocked') } }"
NETWORK = r"net::ERR_INTERNET_DISCONNECTED|WebSocket connection|50[234]|net::ERR_"


def with_token(one, text):
    one.context.add_init_script(
        f"if (location.protocol !== 'about:' && !sessionStorage.given) {{ localStorage.setItem('waybill.session', '{json.dumps({'token': text})}');"
        " sessionStorage.given = 1 }")
    return one


def test_offline_then_online_shows_what_happened_meanwhile(customer, stack):
    someone = customer()
    someone.expect_complaint(NETWORK)
    page = someone.signed_in()
    with stack.processing_paused():
        number = order(page, "AZ-104")
        someone.context.set_offline(True)
        expect(pill(page)).to_have_attribute("data-phase", "offline")
        expect(pill(page)).to_contain_text("Offline")
        mark(page)
    stack.await_status(number, "COMPLETED")
    expect_status(page, "Accepted")
    someone.context.set_offline(False)
    expect_live(page)
    expect_completed(page)
    expect_same(page)


def test_what_cannot_be_resumed_is_fetched(customer, stack):
    someone = customer(script=NO_SHARED_WORKER)  # so that the page's own socket can be listened to
    someone.expect_complaint(NETWORK)
    page = someone.tab()
    frames = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda text: frames.append(json.loads(text))))
    someone.sign_in(page)
    with stack.processing_paused():
        number = order(page, "AZ-104")
        someone.context.set_offline(True)
        expect(pill(page)).to_have_attribute("data-phase", "offline")
        mark(page)
    stack.await_status(number, "COMPLETED")
    stack.redis("DEL", "notify:epoch", f"notify:mailbox:{someone.user}")  # as a Redis that lost its data
    frames.clear()
    someone.context.set_offline(False)
    expect_live(page)
    expect_completed(page)
    expect_same(page)
    assert [frame["recovered"] for frame in frames if frame["type"] == "resumed"] == [False]
    assert not [frame for frame in frames if frame["type"] == "order.status"], "it was told after all"


def test_a_notifier_that_is_killed_loses_nothing(customer, stack):
    someone = customer()
    someone.expect_complaint(NETWORK)
    page = someone.signed_in()
    with stack.processing_paused():
        order(page, "KS-201")
        mark(page)
        page.evaluate("""() => {
            const pill = document.querySelector('connection-pill'), seen = (window.seen = []);
            new MutationObserver(() => seen.push(pill.dataset.phase)).observe(pill, { attributes: true });
        }""")
        stack.kill_notifier(pill(page).get_attribute("data-replica"))
        page.wait_for_function("() => window.seen.includes('waiting')")
    expect_completed(page)
    expect_live(page)
    expect_same(page)
    stack.await_notifiers()


def test_a_forged_token_is_replaced(customer, stack):
    someone = customer()
    someone.expect_complaint(r"401|WebSocket connection")
    with_token(someone, token(stack.jwt, someone.user, secret="x" * 48))
    page = someone.tab()
    expect_live(page)
    expect(page.get_by_text("145 products")).to_be_visible()


def test_a_token_is_refreshed_in_band_before_it_expires(customer, stack):
    someone = with_token(one := customer(), token(stack.jwt, one.user, 8))
    page = someone.tab()
    expect_live(page)
    mark(page)
    connected_to = page.evaluate("""() => {
        const pill = document.querySelector('connection-pill');
        window.seen = [];
        new MutationObserver(() => window.seen.push(pill.dataset.phase)).observe(pill, { attributes: true });
        return pill.dataset.replica;
    }""")
    page.wait_for_function(
        "() => JSON.parse(atob(JSON.parse(localStorage['waybill.session']).token.split('.')[1])).exp * 1000 > Date.now() + 60000")
    page.wait_for_timeout(2500)  # past the end of the first one
    assert "waiting" not in page.evaluate("window.seen")
    assert pill(page).get_attribute("data-replica") == connected_to
    order(page, "AZ-104")
    expect_completed(page)


def test_without_shared_workers_one_tab_leads_and_another_takes_over(customer):
    someone = customer(script=NO_SHARED_WORKER)
    leader = someone.signed_in()
    follower = someone.tab("/orders")
    expect_live(follower)
    leader.close()
    expect_live(follower)
    order(follower, "SM-150")
    expect_completed(follower)


def test_without_websockets_events_are_streamed(customer):
    page = customer(script=NO_WEBSOCKET).signed_in()
    expect(pill(page)).to_have_attribute("title", re.compile("server-sent events"))
    order(page, "QS-220")
    expect_completed(page)
