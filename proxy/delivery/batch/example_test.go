package batch_test

import (
	"fmt"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/delivery/batch"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// Three events in one request, of which the vendor refuses one.
func Example() {
	file, _ := catalog.Builtin("amplitude")
	compiled, err := catalog.Compile(file, nil, catalog.Names())
	if err != nil {
		panic(err)
	}
	vendor := batch.New(compiled)
	var (
		piece  batch.Piece
		all    batch.Batch
		out    delivery.Event
		parts  []batch.Part
		events []delivery.Event
	)
	for _, name := range []string{"view", "bad", "order"} {
		events = append(events, delivery.Event{
			Host: "api", Method: "POST", Path: []byte("/2/httpapi"),
			Body: []byte(`{"api_key":"k","events":[{"event_type":"` + name + `"}]}`),
		})
	}
	which := []int{0, 1, 2}
	for len(which) > 0 {
		all.Reset()
		for _, i := range which {
			if !vendor.Cut(&piece, &events[i], true) || !all.Add(&piece) {
				panic("it travels alone, or in another request")
			}
		}
		all.Event(&out)
		fmt.Printf("%s %s\n", out.Path, out.Body)
		outcome, answer := exchanged(&out)
		parts = all.Apart(parts[:0], outcome, answer)
		var again []int // of one round: there may be two
		for n, p := range parts {
			if p.Again {
				again = append(again, which[n])
			} else {
				fmt.Println(which[n], p.Outcome.Kind, p.Outcome.Why)
			}
		}
		which = again
	}
	// Output:
	// /2/httpapi {"api_key":"k","events":[{"event_type":"view"},{"event_type":"bad"},{"event_type":"order"}]}
	// 1 dropped refused
	// /2/httpapi {"api_key":"k","events":[{"event_type":"view"},{"event_type":"order"}]}
	// 0 delivered ok
	// 2 delivered ok
}

// exchanged stands for the exchange with the vendor, which refuses the second of three events.
func exchanged(e *delivery.Event) (delivery.Outcome, []byte) {
	if e.Count == 3 {
		return delivery.Outcome{Kind: delivery.Dropped, Status: 400, Why: delivery.WhyRefused},
			[]byte(`{"code":400,"events_with_missing_fields":{"user_id":[1]}}`)
	}
	return delivery.Outcome{Kind: delivery.Delivered, Status: 200, Why: delivery.WhyOK},
		[]byte(`{"code":200,"events_ingested":2}`)
}
