# The page is about a node that has just been told to stop, and still runs a task.
lastcall serve --log-format json 2>lastcall.log & node=$!
id=$(lastcall submit sleep '{"ms":4000}')
until lastcall tasks "$id" --json | jq -e '.status == "running"' >/dev/null; do sleep 0.05; done
kill $node
until curl -sS http://127.0.0.1:8080/v1/drain | jq -e '.phase == "finish"' >/dev/null; do sleep 0.05; done
