// Package-level documentation follows with the first types.
