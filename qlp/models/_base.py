from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Data that crosses a process or is stored: immutable, and unknown keys are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
