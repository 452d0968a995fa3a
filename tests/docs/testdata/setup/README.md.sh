. "$CHECKOUT/tests/docs/testdata/setup/module.sh"
go build -o /dev/null github.com/lastcall-dev/lastcall/server # what takes long is over before anybody waits
