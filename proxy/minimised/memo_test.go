package minimised

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/tagwarden/tagwarden/rules/minimise"
)

var key = [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

// TestASecondSightIsRemembered: a value that came once takes no room, and one that came twice is known below its salt.
func TestASecondSightIsRemembered(t *testing.T) {
	m, value, made := New(key), []byte("Red shoes"), []byte("Red [size]")
	for sight := range 4 {
		sum, known := m.Recall(7, value)
		if (known != nil) != (sight >= 2) {
			t.Fatalf("sight %d: known: %v", sight, known != nil)
		}
		if known != nil {
			if string(known.Bytes) != "Red [size]" || known.Outcome != minimise.Rewritten || known.Steps != 12 {
				t.Errorf("%+v", known)
			}
			continue
		}
		m.Remember(sum, minimise.Made{Outcome: minimise.Rewritten, Steps: 12, Bytes: made})
		copy(made, "XXXXXXXXXX") // it was copied, or not kept
		made = []byte("Red [size]")
	}
	if _, known := m.Recall(8, value); known != nil {
		t.Error("it is known below another salt")
	}
	if _, known := m.Recall(7, []byte("Red shoe")); known != nil {
		t.Error("another value is taken for it")
	}
	if sum, _ := m.Recall(7, value); sum == func() minimise.Sum { s, _ := New([16]byte{}).Recall(7, value); return s }() {
		t.Error("the key has no part in the sum")
	}
}

// TestItIsBounded: however many values come, no more than there is room for are remembered, and those that are asked for
// again and again stay.
func TestItIsBounded(t *testing.T) {
	m := New(key)
	remember := func(text string) {
		if sum, known := m.Recall(1, []byte(text)); known == nil {
			m.Remember(sum, minimise.Made{Outcome: minimise.Kept})
		}
	}
	popular := func(each func(text string)) {
		for i := range 200 {
			each(fmt.Sprintf("popular page %d", i))
		}
	}
	popular(remember)
	for i := range 20 * buckets {
		text := fmt.Sprintf("page %d", i)
		remember(text)
		remember(text)
		if i%1024 == 0 {
			popular(remember)
		}
	}
	held, stay := 0, 0
	for i := range m.buckets {
		for j := range m.buckets[i] {
			if m.buckets[i][j].Load() != nil {
				held++
			}
		}
	}
	popular(func(text string) {
		if _, known := m.Recall(1, []byte(text)); known != nil {
			stay++
		}
	})
	if held > buckets*perBucket || held < buckets*perBucket*9/10 {
		t.Errorf("%d are held", held)
	}
	if stay < 190 {
		t.Errorf("of 200 that are asked for again and again %d stay", stay)
	}
}

// TestManyAtOnce: whoever asks gets what was made of that very value.
func TestManyAtOnce(t *testing.T) {
	m := New(key)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 20_000 {
				value := binary.LittleEndian.AppendUint32(nil, uint32(i%9000))
				sum, known := m.Recall(3, value)
				if known == nil {
					m.Remember(sum, minimise.Made{Outcome: minimise.Rewritten, Bytes: value})
				} else if string(known.Bytes) != string(value) {
					t.Errorf("%x became %x", value, known.Bytes)
				}
			}
		})
	}
	all.Wait()
}

// TestAskingTakesNoMemory: neither asking nor what comes once.
func TestAskingTakesNoMemory(t *testing.T) {
	m, value := New(key), []byte("https://shop.example/p/red-shoes?utm_source=news")
	for range 2 {
		sum, _ := m.Recall(1, value)
		m.Remember(sum, minimise.Made{Outcome: minimise.Kept})
	}
	once := uint32(0)
	if n := testing.AllocsPerRun(200, func() {
		if _, known := m.Recall(1, value); known == nil {
			t.Fatal("it is not known")
		}
		once++
		other := binary.LittleEndian.AppendUint32(value[:0:0], once)
		sum, _ := m.Recall(1, other)
		m.Remember(sum, minimise.Made{Outcome: minimise.Kept})
	}); n > 1 { // the value itself
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRecall(b *testing.B) {
	m := New(key)
	for _, text := range []string{"Red shoes - Shop", "https://shop.example/p/red-shoes?variant=42&utm_source=news&utm_medium=email&utm_campaign=spring"} {
		for range 2 {
			sum, _ := m.Recall(1, []byte(text))
			m.Remember(sum, minimise.Made{Outcome: minimise.Kept})
		}
		b.Run(strconv.Itoa(len(text)), func(b *testing.B) {
			value := []byte(text)
			for b.Loop() {
				m.Recall(1, value)
			}
		})
	}
}
