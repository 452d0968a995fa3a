// Package pg runs a real PostgreSQL for tests: from the distribution's binaries, in a temporary folder, on a free
// loopback port, with fsync on as in life. It can be stopped softly and hard, started again on what it has left,
// and frozen; PgBouncer can be put before it.
//
// Neither runs as root, so that under root they are started as the user postgres, or nobody. They end with the test that
// started them, and with the test's process, however that ends. The services that the packages of a distribution bring
// are never touched.
package pg
