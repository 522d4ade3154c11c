import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.runtime.pem import Kind, check_pem

BODY = base64.encodebytes(bytes(range(200))).decode()


def block(name: str, body: str = BODY) -> str:
    return f"-----BEGIN {name}-----\n{body}-----END {name}-----\n"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.CERTIFICATE, block("CERTIFICATE")),
        (Kind.CERTIFICATE, "# ISRG Röt X1\r\n" + block("CERTIFICATE").replace("\n", "\r\n")),
        (Kind.CERTIFICATE, block("CERTIFICATE") + "  issuer: me\n" + block("CERTIFICATE")),
        (Kind.CERTIFICATE, block("PRIVATE KEY") + block("CERTIFICATE")),
        (Kind.CERTIFICATE, block("CERTIFICATE").strip()),
        (Kind.PRIVATE_KEY, block("RSA PRIVATE KEY")),
        (Kind.PRIVATE_KEY, block("ENCRYPTED PRIVATE KEY")),
        (Kind.PRIVATE_KEY, block("EC PARAMETERS") + block("EC PRIVATE KEY")),
        (
            Kind.PRIVATE_KEY,
            block("RSA PRIVATE KEY", f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n{BODY}"),
        ),
    ],
)
def test_what_openssl_and_its_kin_write_is_taken(kind: Kind, text: str) -> None:
    check_pem(text.encode(), kind)


@given(st.binary(max_size=200), st.sampled_from(Kind))
def test_other_bytes_are_refused_with_words_of_our_own(content: bytes, kind: Kind) -> None:
    with pytest.raises(ValueError, match=r"^(holds|ends) [A-Za-z0-9 ]+$"):
        check_pem(content, kind)
