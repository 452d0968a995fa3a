# The roles that the page names, and a store in a file.
psql -qX -c 'CREATE ROLE lc_owner' -c 'CREATE ROLE lc_node'
mkdir backups
LASTCALL_LISTEN=127.0.0.1:0 lastcall serve --store sqlite:lastcall.db & node=$!
until [ -e lastcall.db ]; do sleep 0.05; done
kill $node
wait $node
