"""A real mail server on loopback for tests: aiosmtpd, told by arguments what to ask for.

Prints its port on one line, then each letter it takes as one line of JSON. Ends when its input is closed.
"""

import argparse
import base64
import json
import ssl
import sys
import tempfile

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


def pem(der, what):
    with open(der, "rb") as file:
        text = base64.encodebytes(file.read()).decode()
    return f"-----BEGIN {what}-----\n{text}-----END {what}-----\n"


def tls(certificate, key):
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(pem(certificate, "CERTIFICATE") + pem(key, "PRIVATE KEY"))
        file.flush()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file.name)
    return context


class Handler:
    def __init__(self, refused):
        self.refused = refused

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None,
            "user": session.auth_data if isinstance(session.auth_data, str) else None,
            "content": base64.b64encode(envelope.original_content).decode(),
        }
        print(json.dumps(letter), flush=True)
        return "250 2.0.0 taken"


class OnAnyPort(Controller):
    """With port 0 the controller cannot look at its own port; the server says which one it got."""

    def _trigger_server(self):
        pass


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--tls", nargs=2)
    args.add_argument("--starttls", nargs=2)
    args.add_argument("--login", nargs=2)
    args.add_argument("--refuse", nargs="*", default=[])
    given = args.parse_args()

    def authenticate(server, session, envelope, mechanism, data):
        wanted = [part.encode() for part in given.login]
        fine = [data.login, data.password] == wanted
        return AuthResult(success=fine, handled=False, auth_data=given.login[0] if fine else None)

    options = {}
    if given.tls:
        options["ssl_context"] = tls(*given.tls)
    if given.starttls:
        options["tls_context"] = tls(*given.starttls)
        options["require_starttls"] = True
    if given.login:
        options["authenticator"] = authenticate
        options["auth_required"] = True
        # Over TLS from the first byte aiosmtpd does not know that the way is private.
        options["auth_require_tls"] = bool(given.starttls)
    controller = OnAnyPort(Handler(given.refuse), hostname="127.0.0.1", port=0, **options)
    controller.start()
    print(controller.server.sockets[0].getsockname()[1], flush=True)
    sys.stdin.read()
    controller.stop()


main()
