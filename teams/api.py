"""People, teams, territories and quotas, to read."""

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers

from crm.lib.api.serializers import Money
from teams.access import Permission, reach
from teams.access.api import ReadOnlyResource
from teams.models import Quota, Team, Territory, User
from teams.territories.visible import visible_territories


class UserOut(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "email", "first_name", "last_name", "name", "job_title", "role", "time_zone", "is_active"]


class TeamOut(serializers.ModelSerializer):
    class Meta:
        model = Team
        fields = ["id", "name", "parent", "external_id", "archived_at", "version"]


class TerritoryOut(serializers.ModelSerializer):
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


class QuotaOut(serializers.ModelSerializer):
    amount = Money(allow_null=True)

    class Meta:
        model = Quota
        fields = [
            "id",
            "user",
            "team",
            "territory",
            "metric",
            "month",
            "amount",
            "currency",
            "status",
            "version",
            "set_by",
            "set_at",
            "note",
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


class QuotaResource(ReadOnlyResource):
    """Current quotas; of other people and teams only within reach, of territories and the company with all of it."""

    door = Permission.QUOTA_VIEW
    serializer_class = QuotaOut

    def get_queryset(self) -> QuerySet[Any]:
        scope = reach(self.request.user, Permission.QUOTA_VIEW)
        current = Quota.objects.filter(is_current=True)
        if scope.everything:
            return current
        return current.filter(Q(user_id__in=scope.people_ids) | Q(team_id__in=scope.team_ids))


RESOURCES = {"users": UserResource, "teams": TeamResource, "territories": TerritoryResource, "quotas": QuotaResource}
