"""Presidio behind HTTP as its containers offer it: ``/analyze`` and ``/anonymize`` on one port.

Prints the port and serves until it is ended. Engines and formats are Presidio's own; only the
server around them is the standard library's, for the containers' is not in its wheels.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from presidio_analyzer import RecognizerResult  # type: ignore[import-not-found]  # of the peer
from presidio_anonymizer import AnonymizerEngine  # type: ignore[import-not-found]  # of the peer
from presidio_engine import analyzer  # type: ignore[import-not-found]  # beside this script

ANALYZER = analyzer()
ANONYMIZER = AnonymizerEngine()


class Handler(BaseHTTPRequestHandler):
    """Answers the two questions that LiteLLM asks."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer one of them."""
        length = int(self.headers.get("Content-Length", 0))
        asked = json.loads(self.rfile.read(length))
        if self.path == "/analyze":
            found = ANALYZER.analyze(asked["text"], language=asked["language"])
            answer = json.dumps([one.to_dict() for one in found])
        else:
            found = [RecognizerResult.from_json(one) for one in asked["analyzer_results"]]
            answer = ANONYMIZER.anonymize(asked["text"], found).to_json()
        body = answer.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of single requests."""


def main() -> None:
    """Serve."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
