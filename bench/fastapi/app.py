"""The article's own stack: FastAPI, whose BackgroundTasks run what was submitted after the answer has gone.

It decodes the same JSON as lastcall, with a pydantic model, and answers the same JSON with 202. What it accepts is in
memory: a restart forgets it. The handlers and the task are coroutines, as a plain function goes through a pool of threads.
There are two apps: `app` returns a value as everybody writes it, and `quick` a response made by hand, which spares
FastAPI a second look through the value.
"""

import uuid
from datetime import datetime, timezone
from typing import Any

from fastapi import BackgroundTasks, FastAPI, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()
quick = FastAPI()


class Submit(BaseModel):
    type: str
    input: Any = None
    queue: str = "default"
    client: str = "anonymous"
    priority: int = 0


async def run(task_id: str) -> None:
    """Does nothing: submits are measured, not the work."""


def accept(task: Submit, background: BackgroundTasks) -> dict[str, Any]:
    task_id = str(uuid.uuid4())
    now = datetime.now(timezone.utc).isoformat()
    background.add_task(run, task_id)
    url = "/v1/tasks/" + task_id
    return {
        "id": task_id,
        "type": task.type,
        "queue": task.queue,
        "client": task.client,
        "status": "queued",
        "done": False,
        "input": task.input,
        "output": None,
        "error": None,
        "progress": None,
        "run": 0,
        "attempt": 0,
        "max_attempts": 5,
        "crashes": 0,
        "interruptions": 0,
        "priority": task.priority,
        "labels": {},
        "created_at": now,
        "run_at": now,
        "started_at": None,
        "finished_at": None,
        "expires_at": None,
        "cancel_requested_at": None,
        "node": None,
        "retry_of": None,
        "urls": {"self": url, "cancel": url + "/cancel"},
    }


# With the type dict for its result a newer FastAPI would validate what is returned here.
@app.post("/v1/tasks", status_code=202, response_model=None)
async def submit(task: Submit, background: BackgroundTasks, response: Response):
    accepted = accept(task, background)
    response.headers["Location"] = accepted["urls"]["self"]
    return accepted


@quick.post("/v1/tasks")
async def submit_quickly(task: Submit, background: BackgroundTasks) -> JSONResponse:
    accepted = accept(task, background)
    return JSONResponse(accepted, status_code=202, headers={"Location": accepted["urls"]["self"]})
