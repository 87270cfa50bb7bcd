"""The resources of `pipeline`, by the name in their address."""

from pipeline.activities.api import ActivityResource
from pipeline.contacts.api import ContactResource
from pipeline.deals.api import DealResource, ProductResource
from pipeline.stages.api import CloseReasonResource, PipelineResource, StageResource
from pipeline.work.company_api import CompanyResource

RESOURCES = {
    "activities": ActivityResource,
    "companies": CompanyResource,
    "contacts": ContactResource,
    "deals": DealResource,
    "pipelines": PipelineResource,
    "stages": StageResource,
    "close-reasons": CloseReasonResource,
    "products": ProductResource,
}
