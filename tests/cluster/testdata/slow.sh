# Takes as many milliseconds as its input says, in steps of 50, and writes down in $LEDGER when it begins and when it is
# told to stop. Its checkpoint is the step that it is at; its output says which run it was and where it went on.
set -eu
echo "$LASTCALL_TASK_ID $LASTCALL_RUN began" >>"$LEDGER"
trap 'echo "$LASTCALL_TASK_ID $LASTCALL_RUN stopped" >>"$LEDGER"; echo "{\"checkpoint\":$step}" >&3; exit 75' TERM
steps=$(($(grep -o '[0-9]\+' | head -1) / 50))
from=0
[[ -z ${LASTCALL_CHECKPOINT_FILE:-} ]] || from=$(<"$LASTCALL_CHECKPOINT_FILE")
for ((step = from; step < steps; step++)); do
  sleep 0.05 &
  wait $!
  ((step % 10)) || echo "{\"progress\":{\"percent\":$((100 * step / steps))}}" >&3
done
echo "{\"run\":$LASTCALL_RUN,\"from\":$from}"
