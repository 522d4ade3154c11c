"""Whether the definition that is served is too old."""

from copy import deepcopy
from typing import Any

from perennial_operator.adapters.api import ApiError
from perennial_operator.adapters.definition import ServedDefinition
from perennial_operator.crd.definition import definition
from perennial_operator.metrics import Metrics

Json = dict[str, Any]


class Server:
    """Its OpenAPI document, or none."""

    def __init__(self) -> None:
        self.schema: Json = deepcopy(
            definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        )
        self.away = False

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        asked = ("GET", "openapi/v3/apis/perennial.dev/v1alpha1", None)
        assert (method, path, body) == asked
        if self.away:
            raise ApiError(0, "NoAnswer", "timed out")
        schemas = {"dev.perennial.v1alpha1.ModelPipeline": self.schema}
        return {"components": {"schemas": schemas}}


def test_what_it_lacks_is_known_until_it_is_looked_at_again() -> None:
    server, metrics = Server(), Metrics()
    served = ServedDefinition(server, metrics)
    properties = server.schema["properties"]["spec"]["properties"]
    tracking = properties.pop("tracking")

    def look() -> tuple[tuple[str, ...], float | None]:
        served.look()
        name = "perennial_operator_definition_lacking_fields"
        return served.lacks(), metrics.registry.get_sample_value(name)

    assert look() == (("spec.tracking",), 1)
    server.away = True
    assert look() == (("spec.tracking",), 1)
    server.away = False
    properties["tracking"] = tracking
    assert look() == ((), 0)
