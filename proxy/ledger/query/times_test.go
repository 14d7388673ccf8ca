package query_test

import (
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestTimes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-05-03T10:00:00Z": "2026-05-03T10:00:00Z", "2026-05-03T10:00:00+02:00": "2026-05-03T08:00:00Z",
		"2026-05-03": "2026-05-03T00:00:00Z", "7d": "2026-04-27T12:00:00Z", "12h": "2026-05-04T00:00:00Z",
		"1d12h": "2026-05-03T00:00:00Z", "2w": "2026-04-20T12:00:00Z", "90s": "2026-05-04T11:58:30Z",
		"0d": "2026-05-04T12:00:00Z",
		"":   "", "7": "", "d": "", "7y": "", "-7d": "", "7d ": "", "1.5h": "", "yesterday": "", "2026-13-01": "",
		"99999999999d": "", "4294967295w": "", "4000000000s4000000000s": "",
	} {
		at, err := query.ParseTime(text, noon)
		if (err == nil) != (want != "") || err == nil && at.UTC().Format(time.RFC3339) != want {
			t.Errorf("%q: %v, %v; want %q", text, at, err, want)
		}
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]query.Range{
		"17": {17, 18}, "#17": {17, 18}, "17-20": {17, 21}, "#17-#20": {17, 21}, "17-": {17, 0}, "0-0": {0, 1},
	} {
		if got, err := query.ParseRange(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "-3", "3-2", "x", "1-x", "1--2", "99999999999999999999",
		"1-99999999999999999999"} {
		if got, err := query.ParseRange(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// FuzzTimes: what is read as a time that has passed is not in the future, and nothing panics.
func FuzzTimes(f *testing.F) {
	for _, text := range []string{"7d", "12h", "1w2d", "2026-05-04", "2026-05-04T12:00:00Z", "9999999999w", "", "0s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := query.ParseTime(text, noon)
		if _, given := time.Parse(time.RFC3339, text); err == nil && given != nil && len(text) != len(time.DateOnly) &&
			at.After(noon) {
			t.Errorf("%q is %v", text, at)
		}
	})
}

// FuzzRanges: what is read holds its first number, and the one before its end.
func FuzzRanges(f *testing.F) {
	for _, text := range []string{"17", "17-20", "17-", "#1-#2", "-", "9223372036854775807"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := query.ParseRange(text); err == nil && got.End != 0 && got.End <= got.First {
			t.Errorf("%q is %v", text, got)
		}
	})
}
