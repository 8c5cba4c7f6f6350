"""Two authorities with a server's and a client's certificate each, and a server program that can use them."""

import functools
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest


def openssl(*arguments: str, env: Mapping[str, str] | None = None) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60, env=env)


def authority(folder: Path, name: str, *, address: str = "127.0.0.1", env: Mapping[str, str] | None = None) -> None:
    """Make an authority, and a server's and a client's certificate of it, both for one address.

    `env` is openssl's, where they are to be of another time.
    """
    home = folder / name
    home.mkdir()
    new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(
        *new,
        "-x509",
        "-days",
        "2",
        "-keyout",
        f"{home}/ca.key",
        "-out",
        f"{home}/ca.pem",
        "-subj",
        f"/CN={name}",
        env=env,
    )
    (home / "names").write_text(f"subjectAltName=IP:{address}\n")
    signer = ["-CA", f"{home}/ca.pem", "-CAkey", f"{home}/ca.key", "-CAcreateserial", "-days", "2"]
    for who in ("server", "client"):
        openssl(*new, "-keyout", f"{home}/{who}.key", "-out", f"{home}/{who}.csr", "-subj", f"/CN={who}", env=env)
        files = ["-in", f"{home}/{who}.csr", "-out", f"{home}/{who}.pem", "-extfile", f"{home}/names"]
        openssl("x509", "-req", *signer, *files, env=env)


def two_authorities(folder: Path) -> Path:
    """Make `ours` and `theirs` in `folder`; skip the test where there is no openssl to make them with."""
    if not shutil.which("openssl"):
        pytest.skip("NO OPENSSL: its program makes the certificates")
    authority(folder, "ours")
    authority(folder, "theirs")
    return folder


@functools.cache  # trying a program holds up the loop of the test that starts its nodes
def tls_program() -> str:
    """Return a server program that was built with TLS; skip the test where there is none."""
    named = [os.environ.get("TINYV_TLS_SERVER"), shutil.which("redis-server"), shutil.which("valkey-server")]
    for program in filter(None, named):
        said = subprocess.run([program, "--port", "0", "--tls-port", "1"], capture_output=True, timeout=20, check=False)
        # It ends either way: without TLS it has no such option, with TLS it has no certificate.
        if b"No tls-cert-file" in said.stdout:
            return program
    pytest.skip("NO SERVER WITH TLS: install redis-server (Debian's has it), or set TINYV_TLS_SERVER to one")


def server_lines(home: Path) -> str:
    """Return the configuration of a server that shows its certificate and asks for its clients'."""
    return f"tls-cert-file {home}/server.pem\ntls-key-file {home}/server.key\ntls-ca-cert-file {home}/ca.pem\n"


def client_options(trusts: Path, shows: Path | None) -> dict[str, str]:
    """Return what redis-py and a broker's URL call these files."""
    options = {"ssl_ca_certs": f"{trusts}/ca.pem"}
    if shows:
        options |= {"ssl_certfile": f"{shows}/client.pem", "ssl_keyfile": f"{shows}/client.key"}
    return options
