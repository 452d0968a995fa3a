# What "go mod init" and "go get" would have done: the folder is a module that uses that of this checkout.
{ sed "s,^module .*,module example.org/yours," "$CHECKOUT/go.mod"
  printf '\nrequire github.com/lastcall-dev/lastcall v0.0.0\nreplace github.com/lastcall-dev/lastcall => %s\n' "$CHECKOUT"
} >go.mod
cp "$CHECKOUT/go.sum" .
