"""The resources of `pipeline`, by the name in their address."""

from pipeline.deals.api import DealResource, ProductResource
from pipeline.stages.api import CloseReasonResource, PipelineResource, StageResource

RESOURCES = {
    "deals": DealResource,
    "pipelines": PipelineResource,
    "stages": StageResource,
    "close-reasons": CloseReasonResource,
    "products": ProductResource,
}
