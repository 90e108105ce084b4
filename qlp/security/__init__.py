"""Who may do what: API keys and the principals they speak for."""

from qlp.security.api_keys import Pepper, new_key
from qlp.security.principal import ApiKey, Principal, Role

__all__ = ["ApiKey", "Pepper", "Principal", "Role", "new_key"]
