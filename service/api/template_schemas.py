"""The JSON about templates, as the OpenAPI document shows it: an example on every field."""

from pydantic import Field

from service.api.schemas import Schema
from service.stacks.form_template import FormTemplate

_TEMPLATE = {"name": "tally", "num_pages": 1, "num_fields": 3, "has_blank_page": True}


class TemplateOut(Schema):
    """A stored template, in brief."""

    name: str = Field(description="As named in `/batch`.", examples=["tally"])
    num_pages: int = Field(description="Pages of the form.", examples=[1])
    num_fields: int = Field(description="Fields on all of them.", examples=[3])
    has_blank_page: bool = Field(
        description="Whether its blank pages were sent with it; else they are drawn here.", examples=[True]
    )

    @classmethod
    def of(cls, stored: FormTemplate) -> "TemplateOut":
        """A template in brief."""
        template = stored.template
        return cls(
            name=stored.name,
            num_pages=len(template.pages),
            num_fields=len(template.fields),
            has_blank_page=bool(stored.page_files),
        )


class TemplatesOut(Schema):
    """The names of all stored templates."""

    templates: tuple[str, ...] = Field(description="In alphabetical order.", examples=[("tally",)])
