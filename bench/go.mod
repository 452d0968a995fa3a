module github.com/lastcall-dev/lastcall/bench

go 1.26
