# A node, something that has failed, a store that others may read, and an empty database.
mkdir backups man1 bash zsh fish
echo '{"month":"2026-01"}' >input.json
printf 'tasks:\n  report: {exec: [cat]}\n  broken: {exec: [sh, -c, "exit 65"]}\n' >lastcall.yaml
lastcall serve --config lastcall.yaml &
lastcall submit broken --client alice --wait || true
chmod 644 lastcall.db
createdb --encoding=UTF8 --template=template0 lastcall
echo "postgres://$PGUSER@127.0.0.1:5432/lastcall" >store
