from __future__ import annotations

from app.bench.clock import VirtualLoop, run_virtually

__all__ = ["VirtualLoop", "run_virtually"]
