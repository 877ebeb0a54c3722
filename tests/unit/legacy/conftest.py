"""The programs are run by the tests, not imported."""

collect_ignore_glob = ["programs/*"]
