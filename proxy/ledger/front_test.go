package ledger

import (
	"math/rand/v2"
	"testing"
	"time"
	"unsafe"
)

// TestFronts: a record is the same byte for byte whether its front was kept or not, whatever came before it, and though
// the texts that it was kept of are other ones by now.
func TestFronts(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	room := make([]byte, 0, 1<<12)
	text := func(all ...string) string { // in room that is written again
		from := len(room)
		room = append(room, all[random.IntN(len(all))]...)
		return unsafe.String(unsafe.SliceData(room[from:]), len(room)-from)
	}
	kept, hits := line{fronts: new(fronts)}, 0
	for range 20_000 {
		room = room[:0]
		e := Event{
			Hit: random.Uint64(), Site: text("shop", "blog"), Vendor: text("ga4", "meta", "ga5", ""),
			Endpoint: text("", "collect"), Name: text(oddTexts...),
			Decision: "permit", Reason: text("permitted", "no_consent", oddTexts[3]), Activity: text("a", "b", "c"),
			Basis: text("consent", ""),
			LIA:   text("", "LIA-1"), Version: random.IntN(2), Policy: text("", "fedc"), Region: text("", "DE", "FR"),
			rest: random.IntN(9) == 0,
		}
		if random.IntN(50) == 0 {
			e.Policy = text(oddTexts...)
		}
		at := time.UnixMilli(1_795_512_345_678 + int64(random.IntN(3))).UTC()
		var plain line
		plain.event(at, &e, part{})
		kept.b = kept.b[:0]
		if kept.event(at, &e, part{}); string(kept.b) != string(plain.b) {
			t.Fatalf("it is\n%s, want\n%s", kept.b, plain.b)
		}
		if kept.fronts.of(&e) != nil {
			hits++
		}
	}
	if hits < 100 {
		t.Errorf("%d fronts were found", hits)
	}
}

// TestFrontsAllocateNothing: of events that are decided alike, and of ever other ones in one place.
func TestFrontsAllocateNothing(t *testing.T) {
	l := line{b: make([]byte, 0, 1<<12), fronts: new(fronts)}
	at, other := time.Unix(1, 0), Event{Vendor: "met", Decision: "permit"}
	e := Event{Vendor: "ga4", Decision: "permit"}
	l.event(at, &e, part{})
	if n := testing.AllocsPerRun(1000, func() {
		l.b = l.b[:0]
		at = at.Add(time.Millisecond)
		l.event(at, &e, part{})
		l.event(at, &other, part{})
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
