# Starts children in every way there is, is deaf to SIGTERM like they are, and comes to no end in its first run.
if [ "$LASTCALL_RUN" -gt 1 ]; then
	echo '"in a later run"'
	exit
fi
trap '' TERM HUP
sleep 1001 &
setsid sleep 1002 &
setsid bash -c '(setsid bash -c "while :; do sleep 1003; done" &); while :; do sleep 1004; done' &
echo '{"progress":{"percent":1,"message":"they are under way"}}' >&3
while :; do sleep 1005; done
