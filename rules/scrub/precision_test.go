package scrub

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPrecision measures recall and precision by corpus, detector and language, prints the table, and fails where
// a figure is worse than that of testdata/precision.golden, or better and not written there. UPDATE_GOLDEN=1
// writes it; what changed is then to be read.
//
// found: spans of the corpus that a finding of the kind overlaps; of: all of them. Other: findings of the kind on what
// the corpus holds to be other personal data, such as a postal code. False: findings on anything else.
func TestPrecision(t *testing.T) {
	t.Parallel()
	table := figures{}
	spoken(t, table)
	others(t, table)
	presidio(t, table, "presidio", filepath.Join("testdata", "presidio", "sentences.jsonl"))
	recordings(t, table)
	text := table.String()
	t.Logf("\n%s", text)
	golden := filepath.Join("testdata", "precision.golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	was := parseFigures(t, string(want))
	for key, now := range table {
		before, known := was[key]
		switch {
		case os.Getenv("TAGWARDEN_CAPTURES") != "" && strings.HasPrefix(key, "recordings"):
			// other recordings have other figures
		case !known:
			t.Errorf("%s: not in %s", key, golden)
		case now.found < before.found, now.of != before.of, now.wrong > before.wrong, now.other > before.other:
			t.Errorf("%s: %v, and %v before", key, now, before)
		case *now != *before:
			t.Errorf("%s: %v is better than %v: write it down (UPDATE_GOLDEN=1)", key, now, before)
		}
	}
	for key := range was {
		if table[key] == nil && !strings.HasPrefix(key, "recordings") {
			t.Errorf("%s is gone", key)
		}
	}
}

// TestPrecisionWhole measures on the whole of presidio's sentences, where
// TAGWARDEN_SUITES names the folder that has them.
func TestPrecisionWhole(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("TAGWARDEN_SUITES")
	if folder == "" {
		return
	}
	text, err := os.ReadFile(filepath.Join(folder, "pii-presidio", "data", "synth_dataset_v2.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sentences []struct {
		Text  string `json:"full_text"`
		Spans []struct {
			Type  string `json:"entity_type"`
			Start int    `json:"start_position"`
			End   int    `json:"end_position"`
		} `json:"spans"`
	}
	if err := json.Unmarshal(text, &sentences); err != nil {
		t.Fatal(err)
	}
	table := figures{}
	for _, s := range sentences {
		var spans []labelled
		for _, p := range s.Spans {
			spans = append(spans, labelled{p.Type, p.Start, p.End})
		}
		table.sentence("presidio-whole", s.Text, spans)
	}
	t.Logf("\n%s", table)
	for key, f := range table {
		if f.of > 20 && f.found*10 < f.of*5 {
			t.Errorf("%s: %v", key, f)
		}
	}
}

// figure is what was counted for one corpus, kind and language.
type figure struct{ found, of, other, wrong int }

func (f *figure) String() string {
	recall, precision := "-", "-"
	if f.of > 0 {
		recall = fmt.Sprintf("%.1f%%", 100*float64(f.found)/float64(f.of))
	}
	if n := f.found + f.wrong; n > 0 {
		precision = fmt.Sprintf("%.1f%%", 100*float64(f.found)/float64(n))
	}
	return fmt.Sprintf("found %d of %d, other %d, false %d: recall %s, precision %s", f.found, f.of, f.other,
		f.wrong, recall, precision)
}

type figures map[string]*figure

func (t figures) at(corpus, kind, language string) *figure {
	key := fmt.Sprintf("%-14s %-8s %-3s", corpus, kind, language)
	if t[key] == nil {
		t[key] = &figure{}
	}
	return t[key]
}

func (t figures) String() string {
	var b strings.Builder
	keys := make([]string, 0, len(t))
	for key := range t {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		fmt.Fprintf(&b, "%s %s\n", key, t[key])
	}
	return b.String()
}

func parseFigures(t *testing.T, text string) figures {
	t.Helper()
	table := figures{}
	for line := range strings.Lines(text) {
		key, rest, ok := strings.Cut(line, " found ")
		var f figure
		if _, err := fmt.Sscanf(rest, "%d of %d, other %d, false %d:", &f.found, &f.of, &f.other,
			&f.wrong); err != nil || !ok {
			t.Fatalf("%q: %v", line, err)
		}
		table[key] = &f
	}
	return table
}

func lines(t testing.TB, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var list []string
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		if text := s.Text(); text != "" && !strings.HasPrefix(text, "# ") {
			list = append(list, text)
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// spoken counts on testdata/spoken.txt. A span counts as found where a finding of the kind
// covers all of its letters and digits.
func spoken(t *testing.T, table figures) {
	for _, line := range lines(t, filepath.Join("testdata", "spoken.txt")) {
		parts := strings.SplitN(line, "\t", 3)
		if len(parts) != 3 {
			t.Fatalf("%q", line)
		}
		f := table.at("spoken", parts[0], parts[1])
		var text strings.Builder
		var spans []span
		for i, part := range strings.Split(strings.ReplaceAll(parts[2], "»", "«"), "«") {
			if i%2 == 1 {
				spans = append(spans, span{text.Len(), text.Len() + len(part)})
			}
			text.WriteString(part)
		}
		found := (*Detectors)(nil).Locate([]byte(text.String()), All)
		for _, sp := range spans {
			f.of++
			whole := false
			for _, x := range found {
				whole = whole || x.Kind.String() == parts[0] && x.Start <= sp.start+1 && x.End >= sp.end-1
			}
			if whole {
				f.found++
			} else {
				t.Logf("missed: %s %s %q: %v", parts[0], parts[1], text.String(), found)
			}
		}
		for _, x := range found {
			if !slices.ContainsFunc(spans, func(s span) bool { return x.Start < s.end && s.start < x.End }) {
				table.at("spoken", x.Kind.String(), parts[1]).wrong++
				t.Logf("false: %v in %q", x, text.String())
			}
		}
	}
}

// others counts on testdata/others.txt, where nothing is to be found.
func others(t *testing.T, table figures) {
	for _, line := range lines(t, filepath.Join("testdata", "others.txt")) {
		for _, x := range (*Detectors)(nil).Locate([]byte(line), All) {
			table.at("others", x.Kind.String(), "-").wrong++
			t.Logf("false: %s in %q", x.Kind, line)
		}
	}
}

// labelled is a span of presidio's: in characters.
type labelled struct {
	kind       string
	start, end int
}

// UnmarshalJSON reads ["PHONE_NUMBER", 35, 47].
func (l *labelled) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&l.kind, &l.start, &l.end})
}

func presidio(t *testing.T, table figures, corpus, file string) {
	for _, line := range lines(t, file) {
		var s struct {
			Text  string
			Spans []labelled
		}
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		for _, missed := range table.sentence(corpus, s.Text, s.Spans) {
			t.Log(missed)
		}
	}
}

var presidioKinds = map[string]Kind{
	"EMAIL_ADDRESS": Email, "PHONE_NUMBER": Phone, "CREDIT_CARD": Card, "IBAN_CODE": IBAN, "US_SSN": NationalID,
	"IP_ADDRESS": IP, "STREET_ADDRESS": Address,
}

// street tells whether a span that presidio calls an address has a street with a number: it has not where it is a flat
// ("Apt. 595"), a post code or a post box alone.
func street(text string) bool {
	first, _, _ := strings.Cut(text, " ")
	return strings.ContainsAny(text, "0123456789") && strings.Contains(text, " ") &&
		!slices.Contains([]string{"Apt.", "Suite", "PSC", "Unit", "USNS", "USS", "USCGC", "USNV", "FPO"},
			strings.TrimSpace(first))
}

func (t figures) sentence(corpus, text string, spans []labelled) (notes []string) {
	runes := []rune(text)
	at := func(k int) int { return len(string(runes[:k])) }
	found := (*Detectors)(nil).Locate([]byte(text), All)
	over := func(x Finding, l labelled) bool { return x.Start < at(l.end) && at(l.start) < x.End }
	for _, l := range spans {
		kind, ours := presidioKinds[l.kind]
		value := string(runes[l.start:l.end])
		if !ours || kind == Address && !street(value) {
			continue
		}
		f := t.at(corpus, kind.String(), "-")
		f.of++
		if slices.ContainsFunc(found, func(x Finding) bool { return x.Kind == kind && over(x, l) }) {
			f.found++
		} else {
			notes = append(notes, fmt.Sprintf("missed: %s %q in %q", kind, value, text))
		}
	}
	for _, x := range found {
		right, other := false, false
		for _, l := range spans {
			kind, ours := presidioKinds[l.kind]
			right = right || over(x, l) && ours && kind == x.Kind
			other = other || over(x, l)
		}
		switch {
		case right:
		case other:
			t.at(corpus, x.Kind.String(), "-").other++
			notes = append(notes, fmt.Sprintf("other: %s %q in %q", x.Kind, text[x.Start:x.End], text))
		default:
			t.at(corpus, x.Kind.String(), "-").wrong++
			notes = append(notes, fmt.Sprintf("false: %s %q in %q", x.Kind, text[x.Start:x.End], text))
		}
	}
	return notes
}
