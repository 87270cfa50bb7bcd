"""How Kontor talks to PostgreSQL, whichever server the address of an installation names."""

from typing import Any

PLANNING = {
    # Parallel scans would take the processors from everybody else for one person's page.
    "max_parallel_workers_per_gather": 0,
    # The rows of a sales team lie in memory or on a disk without arms: one by its index costs little more than the
    # next. With less than this the figures of all years are read by an index, row by row.
    "random_page_cost": 2,
    # Our joins go from a row to what it points to, a good order as it is: to try all others of nine tables takes
    # longer than to read them.
    "join_collapse_limit": 5,
}


def database(
    address: dict[str, Any], *, statement_timeout_ms: int, lock_timeout_ms: int, keep_seconds: int, test_template: str
) -> dict[str, Any]:
    """The settings of the database at an address as `environ` reads it, whose own options stay.

    Connections are kept for `keep_seconds`; 0 is for PgBouncer in transaction mode, where cursors cannot live on.
    `test_template` names a database that already has every migration, which `make test` copies for each of its own.
    """
    session = {"statement_timeout": statement_timeout_ms, "lock_timeout": lock_timeout_ms, **PLANNING}
    return address | {
        "CONN_MAX_AGE": keep_seconds,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": keep_seconds == 0,
        "OPTIONS": {
            "connect_timeout": 2,
            "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
            **address.get("OPTIONS", {}),  # the folder of a socket, a certificate
        },
        "TEST": {"TEMPLATE": test_template or None},
    }
