"""A mail server (aiosmtpd) on a free port of this machine, until stdin ends.

    smtp_server.py [--tls none|starttls|implicit] [--certificate FILE] [--login USER:PASSWORD]

Prints {"port": N} first, then one line for each letter: {"sender", "recipients", "tls", "user", "letter": letters.read(..)}.
"""

import argparse
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

import letters


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
    parser.add_argument("--certificate")
    parser.add_argument("--login")
    asyncio.run(serve(parser.parse_args()))


async def serve(arguments):
    context = None
    if arguments.tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.certificate)
    is_start = arguments.tls == "starttls"
    options = {
        "hostname": "localhost",
        "enable_SMTPUTF8": False,
        "tls_context": context if is_start else None,
        "require_starttls": is_start,
        "auth_required": bool(arguments.login),
        "auth_require_tls": is_start,
        "authenticator": authenticator(arguments.login),
    }
    loop = asyncio.get_running_loop()
    implicit = None if is_start else context
    server = await loop.create_server(lambda: SMTP(Handler(), **options), "127.0.0.1", 0, ssl=implicit)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def authenticator(login):
    def check(server, session, envelope, mechanism, data):
        given = f"{data.login.decode()}:{data.password.decode()}" if mechanism in ("PLAIN", "LOGIN") else None
        return AuthResult(success=given == login, handled=False, auth_data=login.split(":")[0])

    return check if login else None


class Handler:
    async def handle_DATA(self, server, session, envelope):
        told = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "tls": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data,
            "letter": letters.read(envelope.original_content),
        }
        print(json.dumps(told), flush=True)
        return "250 taken"


if __name__ == "__main__":
    main()
