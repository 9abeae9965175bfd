"""Signing in with an issuer, and what happens to a session."""

import json
import os

import pytest
from playwright.sync_api import expect

from customer import expect_completed, expect_live, expect_same, mark, order
from issuer import token

with_issuer = pytest.mark.skipif("WAYBILL_STACK" in os.environ, reason="that stack has no issuer of the tests'")


def agree(page, user, button="Agree"):
    page.get_by_role("button", name="Sign in with 127.0.0.1").click()
    page.get_by_label("Name").fill(user)
    page.get_by_role("button", name=button).click()


def kept(page):
    return json.loads(page.evaluate("localStorage['waybill.session']"))


@with_issuer
def test_with_an_issuer_and_back_to_where_one_wanted(customer, issuer, stack):
    someone = customer()
    page = someone.tab("/orders")
    agree(page, someone.user)
    expect(page.get_by_role("heading", name="Your orders")).to_be_visible()
    expect_live(page)
    assert "code=" not in page.url and page.url.endswith("/#/orders")
    order(page, "AZ-104")
    expect_completed(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(stack.edge + "/")  # by way of the issuer's own end
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert page.evaluate("localStorage['waybill.session']") is None
    assert issuer.grants[-1] == ("authorization_code", 200)


@with_issuer
def test_an_issuers_token_is_refreshed_once_for_all_tabs(customer, issuer):
    someone = customer()
    issuer.lifetime = 6
    one = someone.tab()
    agree(one, someone.user)
    expect_live(one)
    first = kept(one)
    issuer.lifetime = 3600
    two = someone.tab("/orders")
    expect_live(two)
    for page in (one, two):
        mark(page)
    before = len(issuer.grants)
    one.wait_for_function("old => JSON.parse(localStorage['waybill.session']).token !== old", arg=first["token"])
    order(two, "KS-201")
    expect_completed(two)
    for page in (one, two):
        expect_live(page)
        expect_same(page)
    assert issuer.grants[before:] == [("refresh_token", 200)], "each tab refreshed for itself"
    assert kept(one)["refreshToken"] != first["refreshToken"]


@with_issuer
def test_a_sign_in_that_is_refused_says_so(customer):
    someone = customer()
    page = someone.tab()
    agree(page, someone.user, button="Refuse")
    expect(page.get_by_role("alert")).to_contain_text("The sign-in was refused.")
    assert "error=" not in page.url
    agree(page, someone.user)
    expect_live(page)


@with_issuer
def test_an_answer_that_nobody_asked_for_is_worth_nothing(customer, issuer):
    someone = customer()
    page = someone.context.new_page()
    before = len(issuer.grants)
    page.goto("/?code=stolen&state=made-up")
    expect(page.get_by_role("alert")).to_contain_text("not begun here")
    assert len(issuer.grants) == before


def test_a_session_that_cannot_be_renewed_ends_at_the_sign_in(customer, stack):
    """A wrong token, and nothing to get another with."""
    someone = customer()
    someone.expect_complaint(r"401|WebSocket connection")
    forged = json.dumps({"token": token(stack.jwt, someone.user, secret="x" * 48), "from": "issuer", "refreshToken": None})
    someone.context.add_init_script(
        f"if (location.protocol.startsWith('http') && !sessionStorage.given) {{ localStorage.setItem('waybill.session', '{forged}');"
        " sessionStorage.given = 1 }")
    page = someone.tab("/orders")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    someone.sign_in(page)
    expect(page.get_by_role("heading", name="Your orders")).to_be_visible()
