package storetest

import "sync"

// together runs n calls at once, waits for all and fails the case with what any of them returned. What runs at once may
// use f.Errorf, never f.Fatal.
func (f *fixture) together(n int, call func(i int) error) {
	f.Helper()
	var (
		start = make(chan struct{})
		errs  = make([]error, n)
		wg    sync.WaitGroup
	)
	for i := range n {
		wg.Go(func() {
			<-start // all at once, rather than in the order of their goroutines
			errs[i] = call(i)
		})
	}
	close(start)
	wg.Wait()
	for _, err := range errs {
		f.must(err)
	}
}
