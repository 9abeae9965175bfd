"""Sign-in with an OpenID Connect issuer, and session refresh."""

import json
import os

import pytest
from playwright.sync_api import expect

from customer import expect_completed, expect_live, expect_not_reloaded, mark_page, order
from support import tokens

with_issuer = pytest.mark.skipif("WAYBILL_STACK" in os.environ, reason="the stack of WAYBILL_STACK does not know the tests' issuer")


def agree(page, user, button="Agree"):
    page.get_by_role("button", name="Sign in with 127.0.0.1").click()
    page.get_by_label("Name").fill(user)
    page.get_by_role("button", name=button).click()


def stored_session(page):
    return json.loads(page.evaluate("localStorage['waybill.session']"))


@with_issuer
def test_sign_in_with_issuer_returns_to_the_requested_page(new_customer, issuer, stack):
    customer = new_customer()
    page = customer.tab("/orders")
    agree(page, customer.user)
    expect(page.get_by_role("heading", name="Your orders")).to_be_visible()
    expect_live(page)
    assert "code=" not in page.url and page.url.endswith("/#/orders")
    order(page, "AZ-104")
    expect_completed(page)
    with page.expect_event("load"):  # of the page to which the issuer's end-session endpoint leads
        page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(stack.edge + "/")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert page.evaluate("localStorage['waybill.session']") is None
    assert issuer.grants[-1] == ("authorization_code", 200)


@with_issuer
def test_issuer_token_is_refreshed_once_for_all_tabs(new_customer, issuer):
    customer = new_customer()
    issuer.lifetime = 6
    one = customer.tab()
    agree(one, customer.user)
    expect_live(one)
    first = stored_session(one)
    issuer.lifetime = 3600
    two = customer.tab("/orders")
    expect_live(two)
    for page in (one, two):
        mark_page(page)
    before = len(issuer.grants)
    one.wait_for_function("old => JSON.parse(localStorage['waybill.session']).token !== old", arg=first["token"])
    order(two, "KS-201")
    expect_completed(two)
    for page in (one, two):
        expect_live(page)
        expect_not_reloaded(page)
    assert issuer.grants[before:] == [("refresh_token", 200)], "more than one tab refreshed the token"
    assert stored_session(one)["refreshToken"] != first["refreshToken"]


@with_issuer
def test_the_newest_refresh_token_is_used(new_customer, issuer):
    customer = new_customer()
    lifetime, issuer.lifetime, issuer.repeats_tokens = issuer.lifetime, 3, True
    before = len(issuer.grants)
    try:
        page = customer.tab()
        agree(page, customer.user)
        expect_live(page)
        for _ in range(2):
            refresh = stored_session(page)["refreshToken"]
            page.wait_for_function("old => JSON.parse(localStorage['waybill.session']).refreshToken !== old", arg=refresh)
        assert [status for _, status in issuer.grants[before:]] == [200] * 3
    finally:
        issuer.lifetime, issuer.repeats_tokens = lifetime, False


@with_issuer
@pytest.mark.long
def test_denied_sign_in_is_reported(new_customer):
    customer = new_customer()
    page = customer.tab()
    agree(page, customer.user, button="Refuse")
    expect(page.get_by_role("alert")).to_contain_text("The sign-in was refused.")
    assert "error=" not in page.url
    agree(page, customer.user)
    expect_live(page)


@with_issuer
def test_unsolicited_authorization_response_is_rejected(new_customer, issuer):
    customer = new_customer()
    page = customer.context.new_page()
    before = len(issuer.grants)
    page.goto("/?code=stolen&state=made-up")
    expect(page.get_by_role("alert")).to_contain_text("not started here")
    assert len(issuer.grants) == before


def test_session_that_cannot_be_refreshed_returns_to_sign_in(new_customer, stack):
    """The token is forged, and there is no refresh token."""
    customer = new_customer()
    customer.expect_console_error(r"401|WebSocket connection")
    forged = json.dumps({"token": tokens.mint(stack.jwt, customer.user, secret="x" * 48), "from": "issuer", "refreshToken": None})
    customer.context.add_init_script(
        f"if (location.protocol.startsWith('http') && !sessionStorage.tokenSet) {{ localStorage.setItem('waybill.session', '{forged}');"
        " sessionStorage.tokenSet = 1 }")
    page = customer.tab("/orders")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    customer.sign_in(page)
    expect(page.get_by_role("heading", name="Your orders")).to_be_visible()
