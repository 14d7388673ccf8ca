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
		sum, was, known := m.Recall(7, value)
		if known != (sight >= 2) {
			t.Fatalf("sight %d: known: %v", sight, known)
		}
		if known {
			if string(was.Bytes) != "Red [size]" || was.Outcome != minimise.Rewritten || was.Steps != 12 {
				t.Errorf("%+v", was)
			}
			continue
		}
		m.Remember(sum, minimise.Made{Outcome: minimise.Rewritten, Steps: 12, Bytes: made})
		copy(made, "XXXXXXXXXX") // it was copied, or not kept
		made = []byte("Red [size]")
	}
	if _, _, known := m.Recall(8, value); known {
		t.Error("it is known below another salt")
	}
	if _, _, known := m.Recall(7, []byte("Red shoe")); known {
		t.Error("another value is taken for it")
	}
	if sum, _, _ := m.Recall(7, value); sum == func() minimise.Sum {
		s, _, _ := New([16]byte{}).Recall(7, value)
		return s
	}() {
		t.Error("the key has no part in the sum")
	}
}

// TestItIsBounded: however many values come, no more than there is room for are remembered, and those
// that are asked for again and again stay.
func TestItIsBounded(t *testing.T) {
	m := New(key)
	remember := func(text string) {
		if sum, _, known := m.Recall(1, []byte(text)); !known {
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
		for j := range perBucket {
			if m.buckets[i].upper[j].Load() != 0 {
				held++
			}
		}
	}
	popular(func(text string) {
		if _, _, known := m.Recall(1, []byte(text)); known {
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
				sum, was, known := m.Recall(3, value)
				if want := madeOf(value); !known {
					m.Remember(sum, want)
				} else if string(was.Bytes) != string(want.Bytes) || was.Outcome != want.Outcome || was.Steps != want.Steps {
					t.Errorf("%x became %+v", value, was)
				}
			}
		})
	}
	all.Wait()
}

// madeOf makes something else of each value: it is kept, dropped or rewritten, in few steps or many.
func madeOf(value []byte) minimise.Made {
	n := int(binary.LittleEndian.Uint32(value))
	if made := (minimise.Made{Outcome: minimise.Outcome(n % 3), Steps: n * 3}); made.Outcome != minimise.Rewritten {
		return made
	}
	return minimise.Made{Outcome: minimise.Rewritten, Steps: n, Bytes: value}
}

// TestNothingIsForgottenOfIt: whatever became of a value, in however many steps, it is recalled as it was.
func TestNothingIsForgottenOfIt(t *testing.T) {
	for _, outcome := range []minimise.Outcome{minimise.Dropped, minimise.Kept, minimise.Rewritten,
		minimise.RewrittenNumber} {
		for _, steps := range []int{0, 1, mostSteps, mostSteps + 1, 1 << 30} {
			for _, text := range []string{"", "x"} {
				m, want := New(key), minimise.Made{Outcome: outcome, Steps: steps, Bytes: []byte(text)}
				for range 2 {
					sum, _, _ := m.Recall(1, []byte("a value"))
					m.Remember(sum, want)
				}
				for range 2 { // the first time it is noted that it was asked for
					_, was, known := m.Recall(1, []byte("a value"))
					if !known || was.Outcome != outcome || was.Steps != steps || string(was.Bytes) != text {
						t.Errorf("%v in %d steps, %q: %+v, %t", outcome, steps, text, was, known)
					}
				}
			}
		}
	}
}

// TestASumOfZeros: what is like a free place is not remembered.
func TestASumOfZeros(t *testing.T) {
	var m Memo
	sum := minimise.Sum{}
	m.bucket(sum).put(sum, note(minimise.Kept), nil)
	if m.buckets[0].place(3) != 0 {
		t.Error("its place is taken")
	}
}

// TestAskingTakesNoMemory: neither asking nor what comes once.
func TestAskingTakesNoMemory(t *testing.T) {
	m, value := New(key), []byte("https://shop.example/p/red-shoes?utm_source=news")
	for range 2 {
		sum, _, _ := m.Recall(1, value)
		m.Remember(sum, minimise.Made{Outcome: minimise.Kept})
	}
	once := uint32(0)
	if n := testing.AllocsPerRun(200, func() {
		if _, _, known := m.Recall(1, value); !known {
			t.Fatal("it is not known")
		}
		once++
		other := binary.LittleEndian.AppendUint32(value[:0:0], once)
		sum, _, _ := m.Recall(1, other)
		m.Remember(sum, minimise.Made{Outcome: minimise.Kept})
	}); n > 1 { // the value itself
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRecall(b *testing.B) {
	m := New(key)
	for _, text := range []string{"Red shoes - Shop",
		"https://shop.example/p/red-shoes?variant=42&utm_source=news&utm_medium=email&utm_campaign=spring"} {
		for range 2 {
			sum, _, _ := m.Recall(1, []byte(text))
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
