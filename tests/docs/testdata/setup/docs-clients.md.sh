. "$CHECKOUT/tests/docs/testdata/setup/module.sh"
go build -o /dev/null github.com/lastcall-dev/lastcall/client # what takes long is over before anybody waits

# Browsers and new versions of Node.js have a WebSocket; to older ones it is given.
if ! node -e 'process.exit(typeof WebSocket === "function" ? 0 : 1)'; then
  npm install --prefix given --no-save --no-audit --no-fund --ignore-scripts ws@8.18.0
  echo 'globalThis.WebSocket = require("ws"); globalThis.crypto ??= require("crypto").webcrypto;' >given/socket.cjs
  export NODE_OPTIONS="--require $PWD/given/socket.cjs" NODE_PATH="$PWD/given/node_modules"
fi

lastcall submit echo '"something"' --client dora --timeout 60s &
