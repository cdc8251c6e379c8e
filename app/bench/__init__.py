"""Benchmarks: what speculation buys, and what it costs."""
