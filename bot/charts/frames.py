"""How a painter and its worker speak: each message begins with its length."""

from struct import Struct

SIZE = Struct(">I")
"""Before each chart: how many bytes it takes."""

ANSWER = Struct(">?I")
"""Before each answer: whether it is a picture, and how many bytes it, or the reason why there is none, takes."""
