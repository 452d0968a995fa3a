# Takes longer to stop than a command usually has, and leaves a checkpoint at the very end of it.
if [ -n "${LASTCALL_CHECKPOINT_FILE-}" ]; then
	cat "$LASTCALL_CHECKPOINT_FILE"
	exit
fi
trap 'sleep 5.5; echo "{\"checkpoint\":\"went on\"}" >&3; exit 75' TERM
echo '{"progress":{"percent":1}}' >&3
while :; do sleep 0.05; done
