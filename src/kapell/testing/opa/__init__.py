"""A server on a loopback port that speaks OPA's interface, for tests of whoever asks one."""
