"""Complaints handed from office to office on a server, by real logins."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.conftest import Result
from tests.integration.test_offices import Town, made, town, town_server  # noqa: F401  # fixtures

psycopg2 = pytest.importorskip("psycopg2", reason="psycopg2 is not installed")


def test_walk(town: Town) -> None:
    li, chen = ("li", "haidian"), ("chen", "朝阳")
    for words in (
        (*li, "transfer", 1, "--to", "朝阳", "--reason", "管辖"),
        (*li, "show", 1),
        (*li, "show", 1, "--format", "json"),
        (*li, "list"),
        (*li, "verify"),
        (*li, "reopen", 1, "--reason", "x"),
        (*chen, "overdue"),
        (*chen, "digest"),
        (*chen, "digest", "--format", "json"),
        (*chen, "transfer"),
        (*chen, "transfer", "--take-over"),
        (*chen, "transfer", "--take-over"),
        (*chen, "show", 2, "--reveal"),
        (*chen, "undo"),
        (*chen, "void", 2, "--reason", "x"),
        (*chen, "verify"),
        (*li, "void", 1, "--reason", "x"),
        (*chen, "transfer", 2, "--to", "haidian"),
        (*chen, "undo"),
        (*chen, "transfer", 2, "--to", "haidian"),
        (*li, "transfer", "--take-over"),
        (*li, "verify"),
        (*chen, "transfer", 1, "--to", "nowhere"),
        (*chen, "transfer", 1, "--to", "朝阳"),
        ("zhao", "haidian", "transfer", 1, "--to", "朝阳"),
        ("stranger", "haidian", "transfer", 1, "--to", "朝阳"),
        ("wang", "haidian", "erase", 1, "--reason", "x"),
    ):
        done = town(*words)
        print("$", *words, "->", done.status)
        print(done.out + done.err)
    assert 0
