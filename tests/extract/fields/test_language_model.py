"""The identifier's tables, kept unpacked: the same ones, and the package's own whatever is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from py3langid.langid import LanguageIdentifier

from nordcrawl.extract.fields import language_model
from tests.support.suite_parts import first_of

TEXTS = {
    "Dette er en norsk tekst om fisk, båter og hav, skrevet for lenge siden.": "no",
    "The harbour froze early this winter, and the ferry stayed at the quay.": "en",
    "Tämä on suomenkielinen teksti kalastuksesta ja merestä talvella.": "fi",
}


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the tables are kept; nothing is there yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = language_model._path()
    assert path is not None
    assert path.is_relative_to(tmp_path)
    return path


@pytest.fixture
def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return what was unpacked from the package's file, one entry each time."""
    times: list[object] = []
    real = LanguageIdentifier.from_model_file

    def counted(name: str) -> LanguageIdentifier:
        times.append(name)
        return real(name)

    monkeypatch.setattr(LanguageIdentifier, "from_model_file", counted)
    return times


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return what is kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("kept")))
        language_model.load()
        path = language_model._path()
        assert path is not None
        return path.read_bytes()


def answers(model: LanguageIdentifier) -> dict[str, tuple[str, float]]:
    return {text: model.classify(text) for text in TEXTS}


def test_what_is_kept_is_what_was_unpacked(kept: Path, unpacked: list[object]) -> None:
    first = language_model.load()
    second = language_model.load()
    assert len(unpacked) == 1
    assert answers(first) == answers(second)
    assert {text: found for text, (found, _) in answers(second).items()} == TEXTS
    for name in ("nb_ptc", "nb_pc", "nb_classes", "tk_nextmove", "tk_row", "tk_output"):
        one, other = (getattr(model, name) for model in (first, second))
        assert type(one) is type(other), name
        assert np.array_equal(one, other), name
    assert kept.stat().st_size < 10 << 20
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


@pytest.mark.parametrize("damage", first_of("a bit", "cut", "another"))
def test_what_is_damaged_is_unpacked_and_kept_anew(
    kept: Path, unpacked: list[object], whole: bytes, damage: str
) -> None:
    bit = bytearray(whole)
    bit[len(bit) // 2] ^= 1
    kept.parent.mkdir()
    kept.write_bytes({"cut": whole[:-1], "a bit": bytes(bit), "another": b"something"}[damage])
    assert language_model.load().classify(next(iter(TEXTS)))[0] == "no"
    assert len(unpacked) == 1
    assert kept.read_bytes() == whole


def test_where_nothing_can_be_kept_it_is_unpacked_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unpacked: list[object]
) -> None:
    (tmp_path / "a file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a file"))
    for _ in range(2):
        assert language_model.load().classify(next(iter(TEXTS)))[0] == "no"
    assert len(unpacked) == 2


def test_a_user_without_a_home_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr("platformdirs.user_cache_path", unknown)
    assert language_model._path() is None
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: Path("~/.cache/nordcrawl"))
    assert language_model._path() is None
