package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func pictures() map[string][]byte {
	return map[string][]byte{
		"bars": Bars("Ratio <1>", "a & b", []Bar{{Label: "nginx", Value: 1, Low: 1, Top: 1},
			{Label: `"ours" & <theirs>`, Value: 2, Low: 1.9, Top: 2.2, Goal: 1.5, Ours: true}}),
		"spans": Spans("Times", "how long", []Span{{Label: "nginx", P50: 80, P99: 900, P999: 12_000},
			{Label: "ours", P50: 100, P99: 400, P999: 2_000_000, Ours: true}}),
		"panels": Panels("Growth", "how it grows", []Panel{
			{Label: "bytes", Said: "linear, slope 1.00", Sizes: []float64{1, 2, 4}, Times: []float64{10, 20, 40}},
			{Label: "flat", Sizes: []float64{1, 1 << 20}, Times: []float64{7, 7}}, {Label: "none"},
			{Label: "one", Sizes: []float64{1}, Times: []float64{7}},
		}),
		"nothing": Bars("Empty", "nothing", nil), "no times": Spans("Empty", "nothing", nil),
	}
}

// TestPicturesAreXML that says what it shows, for either ground, and holds nothing that runs or is fetched.
func TestPicturesAreXML(t *testing.T) {
	for name, picture := range pictures() {
		d, elements := xml.NewDecoder(bytes.NewReader(picture)), map[string]int{}
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, picture)
			}
			if e, ok := token.(xml.StartElement); ok {
				elements[e.Name.Local]++
				for _, a := range e.Attr {
					if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
						t.Errorf("%s: %s of %s is %s", name, a.Name.Local, e.Name.Local, a.Value)
					}
				}
			}
		}
		if elements["title"] != 1 || elements["desc"] != 1 || elements["script"]+elements["image"]+elements["a"] != 0 ||
			!bytes.Contains(picture, []byte("prefers-color-scheme: dark")) {
			t.Errorf("%s: %v", name, elements)
		}
		if !bytes.Equal(picture, pictures()[name]) {
			t.Errorf("%s is another each time", name)
		}
	}
}

// TestBarsAreAsLongAsTheirRatios, and the goal stands where it is.
func TestBarsAreAsLongAsTheirRatios(t *testing.T) {
	x := scale{low: 0, high: 2, from: 100, to: 300}
	log := scale{low: 1, high: 100, from: 0, to: 200, log: true}
	for value, want := range map[float64]float64{0: 100, 1: 200, 1.5: 250} {
		if got := x.at(value); got != want {
			t.Errorf("%v stands at %v, wanted %v", value, got, want)
		}
	}
	for value, want := range map[float64]float64{0.5: 0, 1: 0, 10: 100, 100: 200} {
		if got := log.at(value); got != want {
			t.Errorf("%v stands at %v, wanted %v", value, got, want)
		}
	}
	picture := string(pictures()["bars"])
	if strings.Count(picture, `class="goal"`) != 1 || !strings.Contains(picture, "2.00 (≤ 1.5)") ||
		!strings.Contains(picture, "&#34;ours&#34; &amp; &lt;theirs&gt;") {
		t.Error(picture)
	}
	if strings.Count(picture, `class="ours"`) != 1 || strings.Count(picture, `class="other"`) != 1 {
		t.Error(picture)
	}
}

func TestTimesInWords(t *testing.T) {
	for us, want := range map[float64]string{0: "0 µs", 999: "999 µs", 1500: "1.5 ms", 2.5e6: "2.5 s"} {
		if got := inWords(us); got != want {
			t.Errorf("%v is %q, wanted %q", us, got, want)
		}
	}
}
