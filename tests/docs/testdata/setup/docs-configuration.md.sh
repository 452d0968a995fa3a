# The programs that the examples name, and the file that is shown last.
printf '#!/bin/sh\n' | tee thumbnail.sh >render
chmod +x thumbnail.sh render
printf 'listen: 127.0.0.1:8080\ntasks:\n  thumbnail: {exec: [./thumbnail.sh]}\n' >lastcall.yaml
unset LASTCALL_LISTEN
