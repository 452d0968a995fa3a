# Takes as many milliseconds as the first number of its input says, and as the last one says if it is not the first run,
# in steps of 250. It writes down in $LEDGER when it begins and when it is told to stop. Its checkpoint is the step that it
# is at; its output says which run it was and where it went on.
set -eu
echo "$LASTCALL_TASK_ID $LASTCALL_RUN began" >>"$LEDGER"
trap 'echo "$LASTCALL_TASK_ID $LASTCALL_RUN stopped" >>"$LEDGER"; echo "{\"checkpoint\":$step}" >&3; exit 75' TERM
mapfile -t ms < <(grep -o '[0-9]\+')
((LASTCALL_RUN == 1)) && ms=${ms[0]} || ms=${ms[-1]}
from=0
[[ -z ${LASTCALL_CHECKPOINT_FILE:-} ]] || from=$(<"$LASTCALL_CHECKPOINT_FILE")
echo '{"progress":{"percent":1}}' >&3
for ((step = from; step * 250 < ms; step++)); do
  sleep 0.25 &
  wait $!
done
echo "{\"run\":$LASTCALL_RUN,\"from\":$from}"
