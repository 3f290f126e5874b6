"""Users: `{_id: name, id, password, role, listener, created_at, password_at}`."""

from __future__ import annotations

from datetime import UTC, datetime

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from api.access import audit, sessions
from api.access.credentials import new_id
from api.access.passwords import hash_password, is_outdated, is_password
from api.access.principals import ACCOUNT, ROLES, SIGNED_IN, Principal
from listens.errors import UserMistakeError
from listens.store import USERS, Document, Store

LONGEST_NAME = 64


def add(store: Store, name: str, *, role: str, listener: str | None, password: str) -> Principal:
    """Add a user; one of the role listener is the listener of their name, unless told otherwise.

    Raises:
        UserMistakeError: the name is taken, or name, role or password can't be used.
    """
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()):
        raise UserMistakeError(f"a user's name has 1 to {LONGEST_NAME} printable characters")
    if role not in ROLES:
        raise UserMistakeError(f"no role {role!r}; there are {', '.join(ROLES)}")
    if role == "viewer" and listener is not None:
        raise UserMistakeError("a viewer sees no listener's listens; take the role listener")
    now = datetime.now(UTC)
    document: Document = {
        "_id": name,
        "id": new_id(),
        "password": hash_password(password),
        "role": role,
        "listener": name if role == "listener" and listener is None else listener,
        "created_at": now,
        "password_at": now,
    }
    try:
        store[USERS].insert_one(document)
    except DuplicateKeyError as error:
        raise UserMistakeError(
            f"there's a user {name!r} already; see ./playcount user password and remove"
        ) from error
    audit.record("user added", by=audit.COMMAND, of=document["id"], role=role)
    return as_principal(document)


def listed(store: Store) -> list[Document]:
    """All users by name, without their passwords."""
    return list(store[USERS].find({}, {"password": 0}).sort("_id", 1))


def remove(store: Store, name: str) -> None:
    """Remove a user, and end their sessions.

    Raises:
        UserMistakeError: there's no such user.
    """
    found = store[USERS].find_one_and_delete({"_id": name})
    if found is None:
        raise _unknown(name)
    sessions.end_all(store, name)
    audit.record("user removed", by=audit.COMMAND, of=found["id"])


def set_password(store: Store, name: str, password: str) -> None:
    """Give a user another password, and end their sessions.

    Raises:
        UserMistakeError: there's no such user, or the password can't be used.
    """
    found = _replaced(store, {"_id": name}, password)
    if found is None:
        raise _unknown(name)
    audit.record("password changed", by=audit.COMMAND, of=found["id"])


def change_password(store: Store, name: str, *, current: str, new: str, session: str) -> bool:
    """Give a user another password for their current one; False when that isn't right.

    All sessions of theirs end but the one of which `session` is the secret.

    Raises:
        UserMistakeError: the new password can't be used.
    """
    hashed = (store[USERS].find_one({"_id": name}) or {}).get("password")
    if not is_password(current, hashed):
        return False
    # Of just this hash: the password may have been changed meanwhile.
    found = _replaced(store, {"_id": name, "password": hashed}, new, kept_session=session)
    if found is None:
        return False
    audit.record("password changed", by=found["id"], of=found["id"])
    return True


def _replaced(
    store: Store, user: Document, password: str, *, kept_session: str = ""
) -> Document | None:
    """The user, whose password and sessions change at once, or not at all; None: there's none."""
    change = {"$set": {"password": hash_password(password), "password_at": datetime.now(UTC)}}

    def replace(transaction: ClientSession) -> Document | None:
        found = store[USERS].find_one_and_update(user, change, session=transaction)
        if found:
            sessions.end_all(store, found["_id"], but=kept_session, transaction=transaction)
        return found

    with store.client.start_session() as transaction:
        return transaction.with_transaction(replace)


def find(store: Store, name: str) -> Principal | None:
    """The user of a name."""
    document = store[USERS].find_one({"_id": name})
    return None if document is None else as_principal(document)


def authenticate(store: Store, name: str, password: str) -> Principal | None:
    """The user of a name and a password."""
    document = store[USERS].find_one({"_id": name}) or {}
    hashed = document.get("password")
    if not is_password(password, hashed):
        return None
    if is_outdated(document["password"]):
        # Of just this hash: the password may have been changed meanwhile.
        change = {"$set": {"password": hash_password(password)}}
        store[USERS].update_one({"_id": name, "password": hashed}, change)
    return as_principal(document)


def as_principal(document: Document) -> Principal:
    """The user of a document."""
    role = document["role"]
    return Principal(
        kind="user",
        id=document["id"],
        name=document["_id"],
        scopes=ROLES[role] | {SIGNED_IN, ACCOUNT},
        role=role,
        listener=document["listener"],
    )


def _unknown(name: str) -> UserMistakeError:
    return UserMistakeError(f"there's no user {name!r}; see ./playcount user list")
