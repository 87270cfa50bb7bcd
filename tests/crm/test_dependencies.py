import importlib.util


def test_psycopg_3_is_not_installed():
    """Django silently prefers it to psycopg2 as soon as it is there."""
    assert importlib.util.find_spec("psycopg") is None
