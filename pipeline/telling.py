"""Public name of the question what a person may still know of what she was told: for inboxes and mails."""

from pipeline.work.telling import within_reach

__all__ = ["within_reach"]
