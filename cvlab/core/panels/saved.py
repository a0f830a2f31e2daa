"""What every panel's section of a project file can do: come from a state, and become one again."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict


class SavedState(BaseModel):
    """One panel's section. Fields have defaults and ranges, so that old files load and wrong ones are refused; names that a later
    version added are ignored. Where the state's fields are plain values, field by field is enough; else override both ways.

    kind: the state's class.
    """

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    kind: ClassVar[type[Any]]

    @classmethod
    def of(cls, state: Any) -> Self:
        return cls(**{name: getattr(state, name) for name in cls.model_fields})

    def state(self) -> Any:
        return self.kind(**{name: getattr(self, name) for name in type(self).model_fields})
