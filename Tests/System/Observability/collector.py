"""A collector of traces: an HTTP server that decodes OTLP's JSON by its protocol buffers."""

import base64
import http.server
import json
import threading

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    def __init__(self):
        self.spans, self.requests, self.status = [], 0, 200
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.requests += 1
                if collector.status == 200:
                    assert self.path == "/v1/traces" and self.headers["Content-Type"] == "application/json"
                    collector.receive(json.loads(body))
                self.send_response(collector.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def receive(self, document):
        request = json_format.ParseDict(binary_ids(document), ExportTraceServiceRequest())
        for resource in request.resource_spans:
            service = attributes(resource.resource)["service.name"]
            for scope in resource.scope_spans:
                self.spans += [Span(service, span) for span in scope.spans]

    def of(self, trace):
        return [span for span in self.spans if span.trace == trace]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Span:
    def __init__(self, service, span):
        self.service, self.name, self.kind = service, span.name, span.kind
        self.trace, self.id, self.parent = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
        self.attributes = attributes(span)
        self.links = [link.trace_id.hex() for link in span.links]
        self.start, self.end = span.start_time_unix_nano, span.end_time_unix_nano

    def __repr__(self):
        return f"{self.service}: {self.name} {self.attributes}"


def attributes(node):
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in node.attributes}


def binary_ids(node):
    """OTLP's JSON has ids in hexadecimal, where protocol buffers have base64."""
    if isinstance(node, dict):
        return {key: base64.b64encode(bytes.fromhex(value)).decode() if key in ("traceId", "spanId", "parentSpanId")
                else binary_ids(value) for key, value in node.items()}
    return [binary_ids(one) for one in node] if isinstance(node, list) else node
