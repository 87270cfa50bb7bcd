"""Public name of the replay of a deal's history, for commands."""

from pipeline.deals.history import differences, rebuild

__all__ = ["differences", "rebuild"]
