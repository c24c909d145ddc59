"""A real mail server on loopback for tests: aiosmtpd, told by arguments what to ask for.

Prints its port on one line, then each letter it takes as one line of JSON. Ends when its input is closed.
"""

import argparse
import asyncio
import base64
import json
import ssl
import sys
import tempfile

from aiosmtpd.smtp import SMTP, AuthResult


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


async def main():
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
    if given.starttls:
        options["tls_context"] = tls(*given.starttls)
        options["require_starttls"] = True
    if given.login:
        options["authenticator"] = authenticate
        options["auth_required"] = True
        # Over TLS from the first byte aiosmtpd does not know that the way is private.
        options["auth_require_tls"] = bool(given.starttls)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Handler(given.refuse), hostname="localhost", **options),
        host="127.0.0.1",
        port=0,
        ssl=tls(*given.tls) if given.tls else None,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
