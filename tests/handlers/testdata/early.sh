# Goes on until it gets the early word of a drain.
trap 'echo "\"early\""; exit' USR1
echo '{"progress":{"percent":1}}' >&3
while :; do sleep 0.05; done
