"""Registry of the models of `reporting`."""

from reporting.snapshots.models import PipelineSnapshot

__all__ = ["PipelineSnapshot"]
