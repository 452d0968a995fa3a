// Package client talks to a lastcall server from a Go program: it submits tasks, looks after them, and reads the
// mailbox in which the server tells what became of them.
//
// It is made to be left alone while servers come and go. A call that meets a server that restarts is repeated for a
// while (WithPatience), but only where repeating it can do no harm: a submit carries an Idempotency-Key, which the
// client makes by itself where none is given, so that a submit whose answer was lost is answered with its first task.
// Wait and Follow outlive any number of restarts. Events reads a mailbox for as long as its context lives: it resumes
// behind the last event that it delivered, moves to another node when the one that it is connected to hands its clients
// over, and opens the new connection before it leaves the old one.
//
//	c, err := client.New("http://127.0.0.1:8080", client.WithName("alice"))
//	done, err := c.Submit(ctx, lastcall.Submission{Type: "render", Input: []byte(`{"page":7}`)})
//	task, err := c.Wait(ctx, done.Task.ID)
//
//	for m, err := range c.Events(ctx, client.EventOptions{}) {
//		if err != nil {
//			return err // the context has ended, or the server does not want this client
//		}
//		if e, ok := m.(client.Event); ok && e.Type.Terminal() {
//			… // acknowledged when the loop comes back for more
//		}
//	}
//
// What a server answers with a problem is a *lastcall.Error with its code. An error without one, of which
// lastcall.CodeOf says internal, is one of the way there: nobody listened, or the connection broke.
//
// The decisions are pure functions: what to repeat and when (patience.go), what a close code means (verdict.go), what
// of a mailbox has been delivered already (position.go). Around them stand a request (request.go) and a single loop
// that owns all the state of a reader (reader.go).
package client
