"""A service on libzmq that does what the query of a request says; `python service.py ADDRESS [rep|router]`.

It answers with what reached it: the correlation id, and the number and the digest of the body's bytes.
delay=MS: later, while others are answered. twice: also a second time. size=N: with a body of so many bytes.
garbage=...: something else than a reply.
"""

import hashlib
import heapq
import json
import sys
import time
from urllib.parse import parse_qs

import zmq

OTHERWISE = {
    "head": lambda: [b"{", b""],
    "version": lambda: [b'{"version": 2, "status": 200}', b""],
    "status": lambda: [b'{"version": 1, "status": 999}', b""],
    "interim": lambda: [b'{"version": 1, "status": 101}', b""],
    "field": lambda: [b'{"version": 1, "status": 200, "headers": [["a", "b\\r\\nc: d"]]}', b""],
    "frames": lambda: [b'{"version": 1, "status": 200}', b"a", b"b"],
    "long_head": lambda: [b" " * 70_000, b""],
    "error": lambda: [b'{"version": 1, "status": 500}', b"a secret"],
}


def reply(head, body):
    request = json.loads(head)
    query = {key: values[-1] for key, values in parse_qs(request["query"], keep_blank_values=True).items()}
    if "garbage" in query:
        return query, OTHERWISE[query["garbage"]]()
    said = {"id": request["correlation_id"], "bytes": len(body), "digest": hashlib.sha256(body).hexdigest()}
    answer = json.dumps(said).encode() if "size" not in query else b"x" * int(query["size"])
    head = {"version": 1, "status": int(query.get("status", "200")), "headers": [["content-type", "application/json"]]}
    return query, [json.dumps(head).encode(), answer]


def serve_rep(socket):
    while True:
        query, frames = reply(*socket.recv_multipart())
        time.sleep(float(query.get("delay", "0")) / 1000)
        socket.send_multipart(frames)


def serve_router(socket):
    waiting, count = [], 0
    while True:
        pause = None if not waiting else max(0, waiting[0][0] - time.monotonic()) * 1000
        if socket.poll(pause):
            frames = socket.recv_multipart()
            border = frames.index(b"") + 1
            query, answer = reply(*frames[border:])
            way_back = frames[:border]
            if query.get("garbage") == "lost":
                way_back = frames[:1]
            count += 1
            due = time.monotonic() + float(query.get("delay", "0")) / 1000
            for _ in range(2 if "twice" in query else 1):
                heapq.heappush(waiting, (due, count, [*way_back, *answer]))
                count += 1
        while waiting and waiting[0][0] <= time.monotonic():
            socket.send_multipart(heapq.heappop(waiting)[2])


OTHERWISE["lost"] = OTHERWISE["error"]
kind = sys.argv[2] if len(sys.argv) > 2 else "router"
socket = zmq.Context().socket(zmq.REP if kind == "rep" else zmq.ROUTER)
socket.set_hwm(0)
socket.bind(sys.argv[1])
(serve_rep if kind == "rep" else serve_router)(socket)
