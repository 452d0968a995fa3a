# The page is about a node that has just been told to stop, and still runs a task: until somebody follows the drain.
printf 'tasks:\n  wait: {exec: [sh, -c, "until [ -e enough ]; do sleep 0.1; done"]}\n' >lastcall.yaml
lastcall serve --config lastcall.yaml --grace 300s --log-format json 2>lastcall.log & node=$!
id=$(lastcall submit wait --timeout 60s)
until lastcall tasks "$id" --json | jq -e '.status == "running"' >/dev/null; do sleep 0.1; done
kill $node
until curl -sS http://127.0.0.1:8080/v1/drain | jq -e '.phase == "finish"' >/dev/null; do sleep 0.1; done

lastcall() {
  if [ "$1" != drain ]; then
    command lastcall "$@"
    return
  fi
  command lastcall "$@" | {
    read -r first
    touch enough
    echo "$first"
    cat
  }
  wait $node # its report is its last word
}
