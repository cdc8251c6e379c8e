"""Deciding: events, the protocol, calls and their commit point, and the brains."""
