"""Password hashing that is cheap, and counts how many passwords were looked at."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class CountingHasher(Argon2PasswordHasher):
    """Argon2 at its lowest cost; ``looked_at`` gets an entry for each password verified."""

    time_cost, memory_cost, parallelism = 1, 8, 1
    looked_at: list[str] = []

    def verify(self, password: str, encoded: str) -> bool:
        self.looked_at.append(encoded)
        return super().verify(password, encoded)
