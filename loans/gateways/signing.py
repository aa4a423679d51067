"""Signatures of the channel's protocol: HMAC-SHA256 over what must not be changed on the way.

A request signs moment, nonce, method, path with query, and body. A reply signs the nonce of its
request, its status and its raw body: an old reply, true in itself, cannot answer a new request.
"""

import hmac
from hashlib import sha256

TIMESTAMP = "X-Weidai-Timestamp"
NONCE = "X-Weidai-Nonce"
SIGNATURE = "X-Weidai-Signature"
AGE_SECONDS_MAX = 300


def of_request(
    secret: str, *, timestamp: str, nonce: str, method: str, path: str, body: bytes
) -> str:
    """Return the signature of a request; ``path`` includes the query string."""
    return _sign(secret, timestamp, nonce, method, path, sha256(body).hexdigest())


def of_reply(secret: str, *, nonce: str, status: int, body: bytes) -> str:
    """Return the signature of the reply to the request that carried the nonce."""
    return _sign(secret, nonce, str(status), sha256(body).hexdigest())


def agree(expected: str, given: str) -> bool:
    """Compare two signatures without telling by the time taken where they differ."""
    return hmac.compare_digest(expected.encode(), given.encode())


def _sign(secret: str, *parts: str) -> str:
    return hmac.new(secret.encode(), "\n".join(parts).encode(), sha256).hexdigest()
