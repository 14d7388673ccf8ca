package queue

import (
	"testing"
	"time"
)

// told tells whether somebody who waits is told now.
func told(arrived <-chan struct{}) bool {
	select {
	case <-arrived:
		return true
	default:
		return false
	}
}

// TestForEachEventSomebodyIsTold: as many are told as there are events, whether they came together or one by one, or
// are due again; whoever is told takes one, and is busy from then on. Nobody is told in vain of one that was told of.
func TestForEachEventSomebodyIsTold(t *testing.T) {
	const events = 5
	for name, come := range map[string]func(t *testing.T, q *Queue, c *clock){
		"together": func(t *testing.T, q *Queue, _ *clock) {
			for i := range events {
				add(t, q, event(3*i))
			}
		},
		"again": func(t *testing.T, q *Queue, c *clock) {
			var all []Item
			for i := range events {
				add(t, q, event(3*i))
				it, ok := q.Next("ga4", Due)
				if !ok {
					t.Fatal("there is none")
				}
				all = append(all, it)
			}
			for _, it := range all {
				q.Later(it, time.Second)
			}
			for told(q.Arrived("ga4")) { // too early, and nobody else is told
			}
			c.add(time.Second)
			if _, ok := q.Next("ga4", Due); !ok { // by whoever knew when
				t.Fatal("none is due")
			}
			add(t, q, event(3*events)) // in its place
		},
		"hastened": func(t *testing.T, q *Queue, _ *clock) {
			for i := range events {
				add(t, q, event(3*i))
				it, _ := q.Next("ga4", Due)
				q.Later(it, time.Hour)
			}
			for told(q.Arrived("ga4")) {
			}
			Hasten(q, "ga4")
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			q := opened(t, options(t.TempDir(), &diary{}, c))
			come(t, q, c)
			for i := range events {
				if !told(q.Arrived("ga4")) {
					t.Fatalf("nobody is told of the event after %d", i)
				}
				if _, ok := q.Next("ga4", Due); !ok {
					t.Fatalf("there is none after %d", i)
				}
			}
		})
	}
	t.Run("one by one", func(t *testing.T) {
		q := opened(t, options(t.TempDir(), &diary{}, newClock()))
		for i := range events { // each is heard of before the next one comes, and none is taken yet
			add(t, q, event(3*i))
			if !told(q.Arrived("ga4")) {
				t.Fatalf("nobody is told of event %d", i)
			}
		}
		for range events {
			if _, ok := q.Next("ga4", Due); !ok {
				t.Fatal("there is none")
			}
			if told(q.Arrived("ga4")) {
				t.Error("somebody is told in vain")
			}
		}
	})
}
