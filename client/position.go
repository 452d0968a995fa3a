package client

import "github.com/lastcall-dev/lastcall"

// position is how far a mailbox has been delivered to the one who reads it. Two connections overlap in a handover, and
// a new one may begin before the end of the old: what comes again is told by its cursor.
type position struct {
	at    lastcall.Cursor
	known bool // else the server says where to begin
}

// resume is what a hello says of it.
func (p *position) resume() string {
	if !p.known {
		return ""
	}
	return p.at.String()
}

// fresh moves the position past a frame and reports whether the frame says anything new.
func (p *position) fresh(f *frame) bool {
	switch f.T {
	case "welcome":
		if !p.known {
			p.at, p.known = f.at, true // so that an early end resumes here, whatever others acknowledge meanwhile
		}
	case "event":
		if p.holds(f.at) {
			return false
		}
		p.at, p.known = f.at, true
	case "gap":
		if f.Why == lastcall.GapExpired && p.holds(f.at) {
			return false // what is gone had been delivered by the connection before
		}
		p.at, p.known = f.at, true
	}
	return true
}

// renewed reports whether the frame shows that the mailbox is no longer the one that the position is in.
func (p *position) renewed(f *frame) bool {
	return p.known && (f.T == "welcome" || f.T == "gap") && f.at.Epoch != p.at.Epoch
}

// holds reports whether everything up to c has been delivered.
func (p *position) holds(c lastcall.Cursor) bool {
	return p.known && p.at.Epoch == c.Epoch && c.Seq <= p.at.Seq
}
