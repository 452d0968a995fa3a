#!/bin/sh
# Makes the password of the database, once, and the address that holds it. The containers' users are not yours, so that
# the files are open to all and their folder is not.
set -eu
cd "$(dirname "$0")"
[ ! -e secrets ] || { echo "secrets are there already: the database knows them" >&2; exit 1; }
mkdir -m 700 secrets
password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
printf '%s' "$password" > secrets/password
printf 'postgres://lastcall:%s@postgres/lastcall?sslmode=disable' "$password" > secrets/store
chmod 644 secrets/password secrets/store
