"""Who may do what: users, tokens and links, and the one table that decides by them.

Off by default, where only this machine reaches the API; then everyone is `LOCAL` and may do all.
"""

from __future__ import annotations

from api.access.guard import init_app
from api.access.identifying import principal, while_known
from api.access.principals import Principal
from api.access.visibility import own_listens, visible, visible_listeners

__all__ = [
    "Principal",
    "init_app",
    "own_listens",
    "principal",
    "visible",
    "visible_listeners",
    "while_known",
]
