"""`make run`, `make test` and their servers. Standard library only: it runs before anything is installed."""
