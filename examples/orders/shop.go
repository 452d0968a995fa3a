package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/client"
)

// shop is what customers see.
type shop struct{ orders *client.Client }

func (s *shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", s.order)
	mux.HandleFunc("GET /orders/{id}", s.look)
	mux.HandleFunc("POST /orders/{id}/cancel", s.cancel)
	return mux
}

// order takes an order. When it is answered the order is on stable storage (G1). A customer who does not hear the answer
// orders again under the same Idempotency-Key, and has ordered once.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	var o Order
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&o); err != nil {
		http.Error(w, "an order is {\"items\": [\"…\"], \"cents\": 1250}", http.StatusBadRequest)
		return
	}
	if len(o.Items) == 0 || o.Cents <= 0 {
		http.Error(w, "an order has items, and a price", http.StatusBadRequest)
		return
	}
	input, err := json.Marshal(o)
	if err != nil {
		answer(w, 0, nil, err)
		return
	}
	sub := lastcall.Submission{Type: "order", Client: "shop", Input: input}
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		sub.Idempotency = &lastcall.IdempotencyKey{Key: key}
	}
	taken, err := s.orders.Submit(r.Context(), sub)
	if err == nil {
		w.Header().Set("Location", "/orders/"+taken.Task.ID)
	}
	answer(w, http.StatusAccepted, &taken.Task, err)
}

// look says where an order stands; with ?wait=30s when it has come to its end, or the time is up.
func (s *shop) look(w http.ResponseWriter, r *http.Request) {
	ctx, id := r.Context(), r.PathValue("id")
	if text := r.URL.Query().Get("wait"); text != "" {
		wait, err := time.ParseDuration(text)
		if err != nil {
			http.Error(w, "wait for a time: ?wait=30s", http.StatusBadRequest)
			return
		}
		if task, ok := s.await(r, id, min(wait, time.Minute)); ok {
			answer(w, http.StatusOK, &task, nil)
			return
		}
	}
	task, err := s.orders.Task(ctx, id)
	answer(w, http.StatusOK, &task, err)
}

func (s *shop) cancel(w http.ResponseWriter, r *http.Request) {
	task, err := s.orders.Cancel(r.Context(), r.PathValue("id"))
	answer(w, http.StatusOK, &task, err)
}

// Status is what a customer is told of an order.
type Status struct {
	Order    string          `json:"order"`
	Status   lastcall.Status `json:"status"`
	Progress string          `json:"progress,omitempty"`
	Receipt  json.RawMessage `json:"receipt,omitempty"`
	Problem  string          `json:"problem,omitempty"`
}

// answer tells a customer where an order stands, or that nothing can be done for it now.
func answer(w http.ResponseWriter, status int, t *lastcall.Task, err error) {
	if err != nil {
		refuse(w, err)
		return
	}
	s := Status{Order: t.ID, Status: t.Status, Receipt: t.Output}
	if t.Progress != nil && !t.Status.Done() {
		s.Progress = t.Progress.Message
	}
	if t.Error != nil {
		s.Problem = t.Error.Message
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(s) // a customer who has gone asks again
}

// refuse says why not. A program that is stopping takes no order that it could not keep: the next one does. What else is
// refused, and would be refused again, has the status that lastcall gives it.
func refuse(w http.ResponseWriter, err error) {
	refused, ok := errors.AsType[*lastcall.Error](err)
	switch {
	case !ok || refused.Code.HTTPStatus() >= http.StatusInternalServerError: // or there was no answer at all
		w.Header().Set("Retry-After", "1")
		http.Error(w, "come again in a moment", http.StatusServiceUnavailable)
	case refused.Code == lastcall.CodeNotFound:
		http.Error(w, "there is no such order", http.StatusNotFound)
	case refused.Code == lastcall.CodeIdempotencyMismatch:
		http.Error(w, "another order was given under this Idempotency-Key", refused.Code.HTTPStatus())
	default:
		http.Error(w, refused.Detail, refused.Code.HTTPStatus())
	}
}
