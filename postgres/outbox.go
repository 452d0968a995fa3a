package postgres

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

const (
	// outboxMost is how many different things wait to be told to the other nodes; past it they are told that anything may
	// have moved. It is about as many as messagesMost hold, as is statesMost: to gather more would be for nothing.
	outboxMost = 1024
	// statesMost is how many states wait; there is no room for more.
	statesMost = 400
	// messageBytes is how much goes into one notification, of which PostgreSQL takes less than 8000 bytes.
	messageBytes = 7500
	// messagesMost is how many notifications go out together.
	messagesMost = 4
)

// outbox gathers what the other nodes are to be told, each thing once.
type outbox struct {
	mu     sync.Mutex
	types  map[string]struct{}
	boxes  map[string]struct{}
	tasks  map[string]bool // whether the run is asked to stop
	states map[string]stateNote
	due    time.Time     // the earliest
	all    bool          // anything may have moved
	wake   chan struct{} // holds a value when something waits
}

// message is one notification. What it says is the same as that of hints, each thing by itself.
type message struct {
	Node     string      `json:"n"` // who tells, so that it need not listen to itself
	All      bool        `json:"a,omitempty"`
	Due      int64       `json:"d,omitempty"` // microseconds since 1970
	Types    []string    `json:"t,omitempty"`
	Clients  []string    `json:"c,omitempty"`
	Canceled []string    `json:"x,omitempty"` // tasks
	Tasks    []string    `json:"k,omitempty"`
	States   []stateNote `json:"s,omitempty"`
}

// stateNote is a lastcall.State on its way to its client.
type stateNote struct {
	Client string             `json:"c"`
	Task   string             `json:"k"`
	Type   lastcall.EventType `json:"t"`
	Run    int64              `json:"r"`
	Data   json.RawMessage    `json:"d"`
}

func newOutbox() *outbox {
	o := &outbox{wake: make(chan struct{}, 1)}
	o.empty()
	return o
}

func (o *outbox) empty() {
	o.types, o.boxes = map[string]struct{}{}, map[string]struct{}{}
	o.tasks, o.states = map[string]bool{}, map[string]stateNote{}
	o.due, o.all = time.Time{}, false
}

// put adds what has moved.
func (o *outbox) put(moved []lastcall.Hint) {
	o.mu.Lock()
	for i := 0; i < len(moved) && !o.all; i++ {
		o.add(&moved[i])
		if len(o.types)+len(o.boxes)+len(o.tasks) > outboxMost {
			o.empty()
			o.all = true
		}
	}
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) add(h *lastcall.Hint) {
	if *h == (lastcall.Hint{}) {
		o.all = true
		return
	}
	if h.Type != "" {
		o.types[h.Type] = struct{}{}
	}
	if h.Task != "" {
		o.tasks[h.Task] = o.tasks[h.Task] || h.Canceled
	}
	if !h.Due.IsZero() && (o.due.IsZero() || h.Due.Before(o.due)) {
		o.due = h.Due
	}
	switch {
	case h.State != nil:
		if _, again := o.states[h.State.Task]; again || len(o.states) < statesMost {
			o.states[h.State.Task] = stateNote{h.Client, h.State.Task, h.State.Type, h.State.Run, h.State.Data}
		}
	case h.Client != "":
		o.boxes[h.Client] = struct{}{}
	}
}

// take empties the outbox into notifications from a node. What is not a state is told whole or as an empty hint; states
// come as far as there is room, as they are of the moment.
func (o *outbox) take(node string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.empty()
	p := packer{node: node}
	if o.all {
		return p.everything()
	}
	if !o.due.IsZero() {
		p.next(0).Due = o.due.UnixMicro()
	}
	for typ := range o.types {
		m := p.next(len(typ))
		m.Types = append(m.Types, typ)
	}
	for client := range o.boxes {
		m := p.next(len(client))
		m.Clients = append(m.Clients, client)
	}
	for task, canceled := range o.tasks {
		m := p.next(len(task))
		if canceled {
			m.Canceled = append(m.Canceled, task)
		} else {
			m.Tasks = append(m.Tasks, task)
		}
	}
	if len(p.messages) > messagesMost {
		return p.everything()
	}
	for _, st := range o.states {
		size := len(st.Client) + len(st.Task) + len(st.Type) + len(st.Data) + 60
		if size+p.size > messageBytes && len(p.messages) == messagesMost || size > messageBytes {
			break
		}
		m := p.next(size)
		m.States = append(m.States, st)
	}
	return p.texts()
}

// packer lays things into as few messages as hold them.
type packer struct {
	node     string
	messages []message
	size     int // of the last one, about
}

// next is the message for a thing of that size.
func (p *packer) next(size int) *message {
	size += 4 // quotes and comma
	if len(p.messages) == 0 || p.size+size > messageBytes {
		p.messages = append(p.messages, message{Node: p.node})
		p.size = 80 // the frame
	}
	p.size += size
	return &p.messages[len(p.messages)-1]
}

// everything is the message that anything may have moved.
func (p *packer) everything() []string {
	p.messages = []message{{Node: p.node, All: true}}
	return p.texts()
}

func (p *packer) texts() []string {
	out := make([]string, 0, len(p.messages))
	for i := range p.messages {
		text, err := json.Marshal(&p.messages[i])
		if err != nil || len(text) > messageBytes+400 { // data that is no JSON, or names full of what JSON escapes
			return p.everything()
		}
		out = append(out, string(text))
	}
	return out
}

// hints are what a message says.
func (m *message) hints() []lastcall.Hint {
	if m.All {
		return []lastcall.Hint{{}}
	}
	var out []lastcall.Hint
	if m.Due != 0 {
		out = append(out, lastcall.Hint{Due: time.UnixMicro(m.Due).UTC()})
	}
	for _, typ := range m.Types {
		out = append(out, lastcall.Hint{Type: typ})
	}
	for _, client := range m.Clients {
		out = append(out, lastcall.Hint{Client: client})
	}
	for _, task := range m.Canceled {
		out = append(out, lastcall.Hint{Task: task, Canceled: true})
	}
	for _, task := range m.Tasks {
		out = append(out, lastcall.Hint{Task: task})
	}
	for i := range m.States {
		st := &m.States[i]
		out = append(out, lastcall.Hint{
			Client: st.Client, Task: st.Task,
			State: &lastcall.State{Task: st.Task, Type: st.Type, Run: st.Run, Data: st.Data},
		})
	}
	return out
}
