// Package column is what stands in the columns of every store that keeps tasks in tables, and is written the same way in
// each: ids, small numbers for names, JSON as text, the token that stands for the place behind a row; and how a store
// reads its statements. What a database has its own way with, times and parameters and locks, is its store's own.
package column
