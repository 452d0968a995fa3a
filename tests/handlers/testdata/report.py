import json, os, signal, sys, time

task = json.load(sys.stdin)  # {"pages": 7, "seconds": 0.1}
messages = os.fdopen(3, "w")


def tell(**message):
    print(json.dumps(message), file=messages, flush=True)


def stop(*_):
    tell(checkpoint={"page": page})
    os._exit(75)  # hand it back: the next run goes on from the checkpoint


page = 0
if path := os.environ.get("LASTCALL_CHECKPOINT_FILE"):
    with open(path) as file:
        page = json.load(file)["page"]
signal.signal(signal.SIGTERM, stop)

began = page
while page < task["pages"]:
    time.sleep(task["seconds"])  # the work
    page += 1
    tell(progress={"percent": 100 * page / task["pages"], "message": f"page {page} of {task['pages']}"})
json.dump({"began": began, "pages": page}, sys.stdout)
