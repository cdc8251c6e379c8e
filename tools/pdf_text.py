"""Prints the beginning of a PDF's text: `python pdf_text.py FILE`.

A program of its own, because a crafted PDF can take all time and memory there is: it is bounded here, and
killed from outside. Exit code 1 means that the file cannot be read.
"""

from __future__ import annotations

import resource
import sys

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 10
PAGES = 20
CHARACTERS = 100_000


def main() -> int:
    """Read the file named by the only argument."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    from pypdf import PdfReader

    try:
        length = 0
        for page in PdfReader(sys.argv[1]).pages[:PAGES]:
            text = page.extract_text()[: CHARACTERS - length]
            sys.stdout.buffer.write(f"{text}\n".encode(errors="replace"))
            length += len(text)
            if length >= CHARACTERS:
                break
    except Exception:  # whatever a broken file does to the reader, it is a file that cannot be read
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
