"""Shared by the system tests: finding, starting and controlling a stack, tokens, HTTP requests and waiting."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
LOCAL = ROOT / "infra" / "local"
sys.path.insert(0, str(LOCAL))  # the package devstack
