# The files that the settings name are shown further down.
cp "$CHECKOUT"/tests/handlers/testdata/{greet.sh,report.py} .
