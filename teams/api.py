"""People, teams and territories to read, and the resources of `teams` by the name in their address."""

from typing import Any

from django.db.models import QuerySet

from crm.lib.api.serializers import Shown
from teams.access import Permission
from teams.access.api import ReadOnlyResource
from teams.models import Team, Territory, User
from teams.quotas.api import QuotaResource
from teams.territories.visible import visible_territories


class UserOut(Shown):
    class Meta:
        model = User
        fields = ["id", "email", "first_name", "last_name", "name", "job_title", "role", "time_zone", "is_active"]


class TeamOut(Shown):
    class Meta:
        model = Team
        fields = ["id", "name", "parent", "external_id", "archived_at", "version"]


class TerritoryOut(Shown):
    class Meta:
        model = Territory
        fields = [
            "id",
            "plan",
            "parent",
            "name",
            "priority",
            "rules",
            "is_catch_all",
            "manager",
            "external_id",
            "archived_at",
            "version",
        ]


class UserResource(ReadOnlyResource):
    door = Permission.PEOPLE_VIEW
    serializer_class = UserOut

    def get_queryset(self) -> QuerySet[Any]:
        return User.objects.all()


class TeamResource(ReadOnlyResource):
    door = Permission.PEOPLE_VIEW
    serializer_class = TeamOut

    def get_queryset(self) -> QuerySet[Any]:
        return Team.objects.all()


class TerritoryResource(ReadOnlyResource):
    """The published plan: all of it for who may see everything, else the territories one works or manages."""

    door = Permission.TERRITORY_VIEW
    serializer_class = TerritoryOut

    def get_queryset(self) -> QuerySet[Any]:
        return visible_territories(self.request.user)


RESOURCES = {"users": UserResource, "teams": TeamResource, "territories": TerritoryResource, "quotas": QuotaResource}
