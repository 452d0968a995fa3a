#!/bin/sh
# A handler: the input comes as JSON on stdin, the output goes as JSON to stdout, what it has to say to stderr, and how
# far it is to file descriptor 3. This one only pretends; a real one would call convert or vips.
read -r input
echo "making a thumbnail of $input" >&2
for percent in 25 50 75; do
  sleep 0.1
  echo "{\"progress\":{\"percent\":$percent}}" >&3
done
echo "{\"of\":$input,\"width\":128}"
