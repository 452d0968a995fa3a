#!/usr/bin/env python3
"""A service that writes a text word by word, as a language model does, and says each word as it comes.

lastcall asks it over HTTP, and it answers line by line (docs/handlers.md, "An answer line by line"): how far it is, what
it has so far as a checkpoint, and in the end the text. Its connection is closed when the task is canceled or its node is
stopping: then it stops, and the next run goes on behind the last checkpoint. On SIGTERM it hands its own tasks back, with
what it has, at no cost in attempts.

    writer.py           PORT=9001

To make it yours, replace words(). Nothing but Python's standard library is needed.
"""

import json
import os
import random
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

EVERY = 5  # words between two checkpoints: what may have to be written twice
stopping = threading.Event()


def words(prompt, already, rest):
    """Yields the words that follow those already there. The same prompt has the same words, so that a text that was cut
    off can be gone on with; a model would be given both."""
    known = ["the", "last", "call", "is", "for", "everyone", "inside", "nobody", "leaves", "without", "an", "answer"]
    dice = random.Random(prompt)
    text = [dice.choice(known) for _ in range(1000)]
    for word in text[len(already) :]:
        time.sleep(rest)  # the work
        yield word


class Writer(BaseHTTPRequestHandler):
    def do_POST(self):
        task = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson")
        self.end_headers()
        try:
            self.write(task, task["input"])
        except (BrokenPipeError, ConnectionResetError):
            log(f"{task['id']}: run {task['run']}: nobody listens any more")

    def write(self, task, given):
        if not isinstance(given, dict) or not isinstance(given.get("words"), int) or not 0 < given["words"] <= 1000:
            error = {"code": "bad_input", "message": 'the input must be {"prompt": TEXT, "words": 1 to 1000}'}
            return self.say(error=error, permanent=True)
        text = list(task.get("checkpoint") or [])
        log(f"{task['id']}: run {task['run']}: from word {len(text)}")
        more = words(given.get("prompt"), text, given.get("rest", 0.05))
        while len(text) < given["words"]:
            if stopping.is_set():
                return self.say(release=True, checkpoint=text)
            text.append(next(more))
            line = {"progress": {"percent": 100 * len(text) / given["words"], "message": " ".join(text[-12:])}}
            if len(text) % EVERY == 0:
                line["checkpoint"] = text
            self.say(**line)
        self.say(output={"text": " ".join(text), "run": task["run"]})

    def say(self, **line):
        self.wfile.write(json.dumps(line).encode() + b"\n")  # unbuffered: it is on its way

    def log_message(self, *_):
        pass  # a line for each request, which says less than ours


class Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close waits for the answers that are under way


def log(line):
    print(line, file=sys.stderr, flush=True)


def stop(*_):
    stopping.set()
    threading.Thread(target=server.shutdown).start()  # it waits for the loop that this has interrupted


server = Server(("127.0.0.1", int(os.environ.get("PORT", 9001))), Writer)
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
print("serving at", server.server_port, flush=True)
server.serve_forever()
server.server_close()
log("stopped")
