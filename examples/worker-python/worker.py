#!/usr/bin/env python3
"""A worker for lastcall in Python, with nothing but the standard library.

It leases tasks of the type "primes" from a node, counts primes, and says how far it is while it does. What it has counted so
far it keeps as a checkpoint with each renewal, so that nothing of it is lost when this process is killed, and little time.

    worker.py http://node-a:8080 http://node-b:8080

Any node will do for any call: when one is stopping, or does not answer, the worker goes on with the next. On SIGTERM it
gives back what it holds, with a checkpoint, at no cost in attempts, and ends.

To make it yours, replace primes(). The rest is the protocol, which docs/workers.md explains.
"""

import argparse
import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request


def primes(given, checkpoint):
    """Counts the primes below a number, in steps. It yields (percent, message, checkpoint) after each and returns the output."""
    if not isinstance(given, dict) or not isinstance(given.get("below"), int):
        raise Permanent("bad_input", 'the input must be {"below": NUMBER}')
    below, rest = given["below"], given.get("rest", 0)
    step = max(below // 20, 1)
    found, n = (checkpoint or {}).get("found", 0), (checkpoint or {}).get("next", 2)
    while n < below:
        end = min(n + step, below)
        found += sum(1 for i in range(n, end) if all(i % d for d in range(2, int(i**0.5) + 1)))
        n = end
        yield 100 * n / below, f"{found} primes below {n}", {"found": found, "next": n}
        time.sleep(rest)  # so that there is something to see
    return {"primes": found}


class Permanent(Exception):
    """A failure that trying again would not mend."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Refused(Exception):
    """The word of a node that this call is wrong, or comes too late."""

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status


class Nodes:
    """Calls the nodes of a list, the current one for as long as it answers. Two threads use it."""

    def __init__(self, addresses):
        self.addresses, self.current = addresses, 0

    def next(self, after):
        """Goes on from a node that is stopping or does not answer, unless the other thread already has."""
        if self.current == after:
            self.current = (after + 1) % len(self.addresses)

    def call(self, path, body, patience):
        """Asks until a node answers, for so many seconds. What it answers with a 4xx is raised as Refused."""
        until, pause = time.monotonic() + patience, 0.1
        while True:
            node = self.current
            try:
                answer = self.once(self.addresses[node] + path, body)
                if answer.get("draining"):
                    self.next(node)
                return answer
            except Refused as refused:
                if refused.status < 500 and refused.status != 429:
                    raise
                problem = refused
            except (OSError, ValueError) as gone:  # no connection, no answer in time, or half of one
                problem = gone
            self.next(node)
            if time.monotonic() + pause > until:
                raise TimeoutError(f"no node answers: {problem}")
            time.sleep(pause)
            pause = min(2 * pause, 2)

    @staticmethod
    def once(url, body):
        request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            try:
                problem = json.load(error)
            except ValueError:
                problem = {}
            raise Refused(error.code, problem) from None


class Lease:
    """A task that is ours for as long as its lease is renewed, which a thread does beside the work."""

    def __init__(self, nodes, lease, ttl):
        self.nodes, self.ttl, self.task, self.checkpoint = nodes, ttl, lease["task"], lease["checkpoint"]
        self.path, self.token = "/v1/leases/" + lease["id"], lease["token"]
        self.progress = None
        self.lost = self.canceled = False
        self.over = threading.Event()
        self.keeper = threading.Thread(target=self.keep, daemon=True)
        self.keeper.start()

    def keep(self):
        """Renews at a third of the time, so that two renewals may fail before the lease does, or sooner, for the progress."""
        while not self.over.wait(min(self.ttl / 3, 2)):
            word = {"progress": self.progress, "checkpoint": self.checkpoint}
            try:
                self.canceled = self.say("renew", word, self.ttl)["cancel_requested"]
            except Refused as refused:
                log(f"{self.task['id']}: not renewed: {refused}")
                self.lost = True
                return
            except TimeoutError as silence:  # the next try may do: the token decides, not the clock
                log(f"{self.task['id']}: {silence}")

    def say(self, verb, word, patience=60):
        return self.nodes.call(f"{self.path}/{verb}", {"token": self.token, **word}, patience)

    def end(self, verb, word):
        """Says what became of the task. Said twice, as an answer was lost, it is answered twice."""
        self.over.set()
        self.keeper.join()  # or a renewal would come after the end
        try:
            became = self.say(verb, word)["status"]
            log(f"{self.task['id']}: run {self.task['run']}: {verb}: {became}")
        except Refused as refused:
            log(f"{self.task['id']}: {verb}: {refused}")
            if verb == "complete" and refused.status in (400, 413):  # the output cannot be sent
                self.end("fail", {"error": {"code": "bad_output", "message": str(refused)}, "permanent": True})
        except TimeoutError as silence:  # the lease runs out and the task runs again
            log(f"{self.task['id']}: {verb}: {silence}")


def work(lease, stop):
    """Does one task, and says what became of it."""
    steps = primes(lease.task["input"], lease.checkpoint)
    try:
        while True:
            percent, message, checkpoint = next(steps)
            lease.progress, lease.checkpoint = {"percent": percent, "message": message}, checkpoint
            if lease.lost:  # somebody else has the task now; nothing that we say is believed
                lease.over.set()
                return
            if lease.canceled or stop.is_set():
                lease.end("release", {"checkpoint": lease.checkpoint})
                return
    except StopIteration as done:
        lease.end("complete", {"output": done.value})
    except Permanent as error:
        lease.end("fail", {"error": {"code": error.code, "message": str(error)}, "permanent": True})
    except Exception as error:  # a defect of ours: the next attempt may come to a worker that has been mended
        lease.end("fail", {"error": {"code": type(error).__name__, "message": str(error)}})


def log(line):
    print(line, file=sys.stderr, flush=True)


def main():
    options = argparse.ArgumentParser(description="Counts primes for lastcall.")
    options.add_argument("nodes", nargs="*", default=["http://127.0.0.1:8080"], help="addresses of nodes, http://HOST:PORT")
    options.add_argument("--ttl", type=int, default=30, help="seconds that a lease lasts if it is not renewed")
    options.add_argument("--name", default=f"{socket.gethostname()}-{os.getpid()}", help="what operators know it by")
    given = options.parse_args()

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    nodes = Nodes([address.rstrip("/") for address in given.nodes])
    # A wait that is short, as the answer to it may bring work: who hangs up has to be sure that none is on its way.
    request = {"types": ["primes"], "max": 1, "wait": "3s", "ttl": f"{given.ttl}s", "worker": given.name}
    while not stop.is_set():
        try:
            answer = nodes.call("/v1/leases", request, patience=5)
        except (Refused, TimeoutError) as trouble:
            log(f"no work: {trouble}")
            stop.wait(1)
            continue
        for lease in answer["leases"]:
            work(Lease(nodes, lease, given.ttl), stop)
        if not answer["leases"] and answer["draining"]:
            stop.wait(0.2)  # it answers at once that it has nothing any more
    log("stopped")


if __name__ == "__main__":
    main()
