module github.com/lastcall-dev/lastcall

go 1.26
