# Kills the node that runs it.
kill -KILL "$NODE_PID"
sleep 10
