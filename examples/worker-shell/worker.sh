#!/bin/sh
# A worker for lastcall in shell: it looks whether web pages answer. It needs curl and what every system has.
#
#     LASTCALL_NODES="http://node-a:8080 http://node-b:8080" ./worker.sh
#
# A task of the type "probe" has an input such as {"url":"https://example.org/"} and comes to {"status":200,"seconds":0.1}.
# On SIGTERM the worker gives back what it holds and ends. docs/workers.md explains the protocol.
set -u

nodes=${LASTCALL_NODES:-http://127.0.0.1:8080}
ttl=${LASTCALL_TTL:-30} # seconds that a lease lasts if it is not renewed
name=${LASTCALL_WORKER:-$(uname -n)-$$} # what operators know it by
work=$(mktemp -d)
answer=$work/answer
stop=
trap 'stop=1' TERM INT
trap 'rm -rf "$work"' EXIT

log() { echo "$*" >&2; }

# say PATH BODY asks the nodes in turn until one answers, and prints the answer. It fails with what a node refuses: the call
# is wrong, or comes too late.
say() {
    for try in 1 2 3 4 5 6; do
        for node in $nodes; do
            status=$(curl -sS -m 15 -o "$answer" -w '%{http_code}' -H 'Content-Type: application/json' -d "$2" "$node$1" 2>"$work/trouble")
            case $status in
            2*) cat "$answer"; return 0 ;;
            4*) log "$1: $(cat "$answer")"; return 1 ;;
            *) log "$1: $node: ${status} $(cat "$work/trouble")" ;;
            esac
        done
        [ -n "$stop" ] || sleep "$try"
    done
    return 2
}

# field NAME prints the first text field of that name in the JSON on its input. What it looks for here holds no quotes: ids
# and tokens never do, and an address that does is none.
field() { grep -o "\"$1\":\"[^\"\\\\]*\"" | head -n 1 | cut -d '"' -f 4; }

# keep ID TOKEN PID renews a lease until it is ended, and ends the work when that is asked for, or the lease is lost.
keep() {
    answer=$work/renewed # a file of its own: what was asked for when this is ended may still be answered
    pause=$((ttl / 3))
    while sleep "$pause"; do
        pause=$((ttl / 3))
        say "/v1/leases/$1/renew" "{\"token\":\"$2\"}" >"$work/kept"
        case $? in
        0) grep -q '"cancel_requested":true' "$work/kept" && kill "$3" ;;
        1) kill "$3" ;;
        *) pause=1 ;; # no node answers: the lease is not lost before one has been there for a while
        esac
    done
}

# probe URL prints what the task comes to.
probe() {
    exec curl -sS -m 300 --proto =http,https -o /dev/null -w '{"status":%{http_code},"seconds":%{time_total}}' -- "$1"
}

# run LEASE does a task and says what became of it.
run() {
    id=$(echo "$1" | field id) token=$(echo "$1" | field token) url=$(echo "$1" | field url)
    if [ -z "$url" ]; then
        say "/v1/leases/$id/fail" "{\"token\":\"$token\",\"error\":{\"code\":\"bad_input\",\"message\":\"there is no url\"},\"permanent\":true}" >"$work/said"
        return
    fi
    probe "$url" >"$work/output" 2>"$work/error" &
    job=$!
    keep "$id" "$token" "$job" &
    keeper=$!
    while wait "$job" 2>"$work/trouble"; result=$?; [ $result -gt 128 ] && kill -0 "$job" 2>"$work/trouble"; do
        kill "$job" # it was a signal to us that ended the wait: stop
    done
    kill "$keeper"
    wait "$keeper" 2>"$work/trouble"
    case $result in
    0) say "/v1/leases/$id/complete" "{\"token\":\"$token\",\"output\":$(cat "$work/output")}" ;;
    143) say "/v1/leases/$id/release" "{\"token\":\"$token\"}" ;; # stopped or canceled: the server knows which
    *) say "/v1/leases/$id/fail" "{\"token\":\"$token\",\"error\":{\"code\":\"curl_$result\",\"message\":\"$(tr -d '"\\\n\t' <"$work/error")\"}}" ;;
    esac >"$work/said"
    log "$id: $(field status <"$work/said")"
}

while [ -z "$stop" ]; do
    # The wait is short, as a signal is heeded after it; to hang up might lose a lease that is on its way.
    leases=$(say /v1/leases "{\"types\":[\"probe\"],\"max\":1,\"wait\":\"3s\",\"ttl\":\"${ttl}s\",\"worker\":\"$name\"}") || { sleep 1; continue; }
    case $leases in
    '{"leases":[]'*'"draining":true'*) sleep 1 ;;
    '{"leases":[]'*) ;;
    *) run "$leases" ;;
    esac
done
log stopped
