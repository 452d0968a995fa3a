package sqlite3

import "unsafe"

// at is the memory at an address that SQLite gave us. It lies outside Go's heap, where nothing moves and nothing is
// collected, so that the rules by which vet judges a conversion from uintptr do not apply to it.
//
//nolint:gosec // the one place where an address of SQLite's becomes a pointer
func at(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

// view is n bytes of that memory.
//
//nolint:gosec // n is what SQLite, or we when we asked for it, said of its length
func view(p uintptr, n int) []byte { return unsafe.Slice((*byte)(at(p)), n) }
