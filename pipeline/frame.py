"""What the frame around every page shows of the pipeline: how much there is to do today, and in each pinned view.

of_deals, besides = to_do(user, now)                       # two expressions for a query about her
User.objects.values_list(of_deals, besides).get(pk=user.pk)   # ({"count": 12, "late": 2}, None)
"""

from pipeline.work.pinned import sizes_of
from pipeline.work.today import to_do

__all__ = ["sizes_of", "to_do"]
