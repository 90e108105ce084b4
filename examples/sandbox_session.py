"""A session with the SDK: files, commands, live output, a background server and its port, one program by itself.

qlp up
python examples/sandbox_session.py
"""

from __future__ import annotations

import time

from qlp.client import QLP

SERVER = """\
from http.server import BaseHTTPRequestHandler, HTTPServer

class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello from inside")

HTTPServer(("127.0.0.1", 8000), Hello).serve_forever()
"""


def main() -> None:
    with QLP() as client:
        with client.sandboxes.create(profile="python", ttl_s=300) as sandbox:
            sandbox.put("server.py", SERVER)
            server = sandbox.start(["python3", "server.py"])
            reply = sandbox.http("GET", 8000)
            while reply.status == 0:
                time.sleep(0.1)
                reply = sandbox.http("GET", 8000)
            print(reply.status, reply.body)  # noqa: T201
            sandbox.stop(server)

            for piece in sandbox.run("for n in 1 2 3; do echo line $n; sleep 0.2; done", stream=True):
                print(piece.stream, piece.delta, end="")  # noqa: T201

            sandbox.run(["python3", "-c", "open('result.bin', 'wb').write(bytes(3))"])
            print(sandbox.get("result.bin"))  # noqa: T201

        done = client.execute(language="python", code="print(input()[::-1])", stdin="!dlrow olleh")
        print(done.stdout, end="")  # noqa: T201
        print(f"{done.acquire.path} sandbox after {done.acquire.seconds * 1000:.1f} ms, {done.isolation.backend}")  # noqa: T201


if __name__ == "__main__":
    main()
