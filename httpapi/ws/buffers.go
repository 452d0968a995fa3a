package ws

import "sync"

// buffers are lent for as long as a frame is read, or a pump runs: connections that have nothing to do hold none.
type buffers struct {
	frames sync.Pool // of *[]byte: a frame read or put together
	corks  sync.Pool // of *[]byte: frames that are written together
	writes sync.Pool // the WebSocket library's
}

// frame lends a buffer that is empty.
func (b *buffers) frame() *[]byte {
	if p, ok := b.frames.Get().(*[]byte); ok {
		return p
	}
	p := make([]byte, 0, 1<<10)
	return &p
}

// giveFrame takes it back, unless it has grown to what few frames need.
func (b *buffers) giveFrame(p *[]byte) {
	if cap(*p) <= 16<<10 {
		*p = (*p)[:0]
		b.frames.Put(p)
	}
}

// cork lends a buffer that is empty.
func (b *buffers) cork() *[]byte {
	if p, ok := b.corks.Get().(*[]byte); ok {
		return p
	}
	p := make([]byte, 0, corkSize)
	return &p
}

// giveCork takes it back.
func (b *buffers) giveCork(p *[]byte) { b.corks.Put(p) }
