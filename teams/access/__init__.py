"""Who may do what, and with whose records. The only place that looks at a role."""

from teams.access.permissions import Permission, who_may
from teams.access.reach import Reach, holds, reach

__all__ = ["Permission", "Reach", "holds", "reach", "who_may"]
