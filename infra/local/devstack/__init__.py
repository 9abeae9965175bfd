"""Runs the whole stack on one machine: private servers, the services, their supervision and stack.json."""
