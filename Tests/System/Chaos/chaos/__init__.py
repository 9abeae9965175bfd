"""The chaos test: clients and subscribers on a private stack, injected faults, then an audit."""
