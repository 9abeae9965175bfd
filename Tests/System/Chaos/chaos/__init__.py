"""The chaos test: orders and tabs on a stack of its own, faults one after another and two at a time, then an audit."""
