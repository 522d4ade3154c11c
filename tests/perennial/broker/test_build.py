from pathlib import Path

import pytest

from perennial.broker.build import (
    build_command,
    default_cache,
    digest_of,
    environment,
    go_version,
    install_command,
    is_new_enough,
    unavailable,
)

GO_MOD = "module perennial/broker\n\ngo 1.26.0\n\nrequire example.org/go 1.30.0\n"


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("go version go1.26.8 linux/amd64", (1, 26, 8)),
        ("go version go1.27 darwin/arm64", (1, 27, 0)),
        ("go version go1.28rc1 linux/amd64", (1, 28, 0)),
        ("go version devel go1.29-3f2a1b linux/amd64", (1, 29, 0)),
        (GO_MOD, (1, 26, 0)),
        ("gccgo (Debian) 12.2.0", None),
        ("", None),
    ],
)
def test_a_version_is_read_as_go_says_it(said: str, version: object) -> None:
    assert go_version(said) == version


@pytest.mark.parametrize(
    ("said", "enough"),
    [("go1.26.0", True), ("go1.100.0", True), ("go1.25.11", False), ("no Go", False)],
)
def test_an_older_go_or_none_is_not_new_enough(said: str, enough: bool) -> None:  # noqa: FBT001
    assert is_new_enough(said, GO_MOD) is enough


def test_a_go_mod_that_names_no_version_is_built_by_no_go() -> None:
    assert not is_new_enough("go1.26.0", "module perennial/broker\n")


def test_builds_are_kept_in_the_users_cache() -> None:
    home = Path("/home/ada")

    assert default_cache({}, home) == Path("/home/ada/.cache/perennial/broker")
    assert default_cache({"XDG_CACHE_HOME": ""}, home) == Path("/home/ada/.cache/perennial/broker")
    assert default_cache({"XDG_CACHE_HOME": "/var/c"}, home) == Path("/var/c/perennial/broker")


def test_other_sources_and_another_machine_make_another_build() -> None:
    files = {"a": b"12", "b": b"3"}

    digests = {
        digest_of(files, "Linux x86_64"),
        digest_of(files, "Linux aarch64"),
        digest_of({"a": b"1", "b": b"23"}, "Linux x86_64"),
        digest_of({"a": b"12"}, "Linux x86_64"),
        digest_of({"a": b"12", "c": b"3"}, "Linux x86_64"),
    }

    assert len(digests) == 5
    assert digest_of(dict(reversed(files.items())), "Linux x86_64") in digests


def test_go_writes_below_one_folder_for_this_machine_and_keeps_the_users_proxy() -> None:
    given = {
        "GOPROXY": "https://proxy.example.org",
        "GOFLAGS": "-mod=mod",
        "GOOS": "plan9",
        "GOARCH": "mips",
        "GOROOT": "/old/go",
        "PATH": "/bin",
    }

    assert environment(given, Path("/cache/build")) == {
        "CGO_ENABLED": "0",
        "GOCACHE": "/cache/build/cache",
        "GOFLAGS": "-mod=readonly -modcacherw",
        "GOMODCACHE": "/cache/build/modules",
        "GOPATH": "/cache/build/path",
        "GOPROXY": "https://proxy.example.org",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "PATH": "/bin",
    }


def test_the_program_is_built_without_the_paths_and_symbols_of_this_machine() -> None:
    assert build_command("/usr/bin/go", Path("/cache/broker")) == [
        "/usr/bin/go",
        "build",
        "-trimpath",
        "-buildvcs=false",
        "-ldflags",
        "-s -w",
        "-o",
        "/cache/broker",
        ".",
    ]


@pytest.mark.parametrize(
    ("installer", "begins"),
    [
        (["/bin/uv"], "/bin/uv pip install --quiet --python /bin/python --no-cache"),
        (
            ["/bin/python", "-m", "pip"],
            "/bin/python -m pip install --quiet --no-cache-dir --no-input",
        ),
    ],
)
def test_uv_or_pip_installs_the_wheel_by_its_digest_and_nothing_else(
    installer: list[str], begins: str
) -> None:
    command = " ".join(install_command(installer, "/bin/python", Path("/cache/go")))

    ends = "--target /cache/go --require-hashes --no-deps --only-binary :all: -r toolchain.txt"
    assert command == f"{begins} {ends}"


def test_what_cannot_be_built_says_what_it_needs_and_the_way_without_it() -> None:
    assert str(unavailable("go build failed (no route to host)", GO_MOD)) == (
        "the embedded Kafka broker could not be built: go build failed (no route to host). It is"
        " built once, with Go 1.26.0 or newer or, where there is none, with the Go of the Python"
        " package index, and with the Go module proxy. Without them, name a Kafka of your own:"
        " --bootstrap HOST:PORT"
    )
