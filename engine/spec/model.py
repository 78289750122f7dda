"""What every table of a file that a person writes keeps to."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """The rules for every table of an example file: unknown keys and lax types are errors."""

    # The validator of a model is built when it is first asked for: a build asks for those of a few families.
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, defer_build=True, use_attribute_docstrings=True
    )

    @classmethod
    def known_keys(cls) -> list[str]:
        """The keys that the table may have."""
        return list(cls.model_fields)
