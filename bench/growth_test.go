package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/bench/growth"
)

// TestGrowthIsMeasured of everything that grows, in small: each hit ends as it is meant to, in each size.
func TestGrowthIsMeasured(t *testing.T) {
	var told []string
	all, err := growth.Measure(t.Context(), growthOptions(t.TempDir(), 2, 1, 100*time.Microsecond, func(f *growth.Figure) {
		told = append(told, f.Name)
	}))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 16 || len(told) != len(all) {
		t.Fatalf("%d figures, %d told", len(all), len(told))
	}
	for _, f := range all {
		if len(f.Sizes) != 3 || len(f.Times) != 3 || !slices.IsSorted(f.Sizes) || slices.Min(f.Times) <= 0 {
			t.Errorf("%+v", f)
		}
	}
	var text bytes.Buffer
	writeGrowth(&text, all, 1, []string{"Machine: this one"}, time.Unix(0, 0))
	for _, f := range all {
		if !strings.Contains(text.String(), "\n| "+f.Name+" | ") || !bytes.Contains(growthPicture(all),
			[]byte(strings.ReplaceAll(f.Name, "`", ""))) {
			t.Errorf("%s is missing", f.Name)
		}
	}
}

// TestWhatIsNeitherIsNamed beside the table.
func TestWhatIsNeitherIsNamed(t *testing.T) {
	figure := func(name string, times ...float64) growth.Figure {
		sizes := []float64{1, 2, 4, 8}
		return growth.Figure{Name: name, Sizes: sizes, Times: times, Fit: growth.FitOf(sizes, times)}
	}
	for _, c := range []struct {
		all  []growth.Figure
		want []string
	}{
		{[]growth.Figure{figure("a", 5, 5, 5, 5), figure("b", 1, 2, 4, 8)},
			[]string{"none here.", "| a | 1 | 8 | 5.0 µs | 5.0 µs | 1.00 | flat | 0.00 |  |",
				"| 8.00 | linear | 1.00 | 1.00 |"}},
		{[]growth.Figure{figure("a", 1, 4, 16, 64), figure("b", 1, 2, 4, 8), figure("c", 1, 9, 1, 9)},
			[]string{": a; c.", "| neither | 2.00 | 2.00 |"}},
	} {
		var text bytes.Buffer
		writeGrowth(&text, c.all, 1, nil, time.Unix(0, 0))
		for _, want := range c.want {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%q is missing:\n%s", want, text.String())
			}
		}
	}
}
