. "$CHECKOUT/tests/docs/testdata/setup/module.sh"
