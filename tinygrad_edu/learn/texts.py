"""Somebody's file as text, whatever it was written with: with a BOM, as UTF-16, in the letters of an old Windows.

>>> decoded("# é".encode("cp1252"))
('# é', 'is no UTF-8: it was read as Windows-1252')
>>> decoded("x = 1\\r\\n".encode("utf-16"))
('x = 1\\n', '')
"""

from __future__ import annotations

import io
import tokenize


def decoded(raw: bytes) -> tuple[str, str]:
    """Bytes as text, and what is to be said of them; with the encoding that the file names, if it names one."""
    said = ""
    try:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = raw.decode("utf-16")
        else:
            text = raw.decode(tokenize.detect_encoding(io.BytesIO(raw).readline)[0])
    except (SyntaxError, LookupError, UnicodeDecodeError):
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text, said = raw.decode("cp1252", "replace"), "is no UTF-8: it was read as Windows-1252"
    return text.replace("\r\n", "\n").replace("\r", "\n"), said
