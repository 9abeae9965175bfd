"""JSON requests over HTTP, without proxies."""

import json
import urllib.error
import urllib.request

opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(url, body=None, token=None, timeout=10, **headers):
    """The JSON answer to a GET, or to a POST of `body`. Raises HTTPError for an error status."""
    headers = {"Content-Type": "application/json"} | headers
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    with opener.open(urllib.request.Request(url, data, headers), timeout=timeout) as response:
        return json.load(response)


def answer(url, method, body=None, token=None, timeout=10, **headers):
    """(status, JSON or None) of the answer to a request."""
    headers = {"Content-Type": "application/json"} | headers
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with opener.open(request, timeout=timeout) as response:
            content = response.read()
            return response.status, json.loads(content) if content else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def status_of(url, *arguments, **options):
    """The status of the answer to the same request."""
    try:
        call(url, *arguments, **options)
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def is_ready(url):
    """Whether the URL answers with a success within a second."""
    try:
        opener.open(url, timeout=1).close()
    except OSError:
        return False
    return True


def is_complete(url):
    """Whether the URL answers with a success within a second, and gives no reason of something that is missing."""
    try:
        with opener.open(url, timeout=1) as response:
            return b'"reasons"' not in response.read()
    except OSError:
        return False
