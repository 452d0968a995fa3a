#!/bin/sh
set -eu
input=$(cat)                                                # {"name":"Ada"}
echo "asked for $input in run $LASTCALL_RUN" >&2            # the log
echo '{"progress":{"percent":50,"message":"half way"}}' >&3 # what a client sees meanwhile
printf '{"hello":%s}' "$input"                              # the output
