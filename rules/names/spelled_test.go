package names

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestSpelled: names.txt is what names.yaml gives. UPDATE_GOLDEN=1 writes it anew.
func TestSpelled(t *testing.T) {
	t.Parallel()
	from, err := read(text)
	if err != nil {
		t.Fatal(err)
	}
	want := spell(from)
	const file = "names.txt"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s is not what names.yaml gives (%v): UPDATE_GOLDEN=1 go test ./rules/names writes it anew", file, err)
	}
}

// TestDictionary: each word of names.yaml is found, with what is said of it there, and no beginning of one is taken for
// a word.
func TestDictionary(t *testing.T) {
	t.Parallel()
	from, err := read(text)
	if err != nil {
		t.Fatal(err)
	}
	d := words()
	for letters, want := range from.words {
		if got := d.find([]byte(letters)); got == nil || *got != *want {
			t.Errorf("of %q is said %+v, want %+v", letters, got, *want)
		}
		for n := range len(letters) {
			if got := d.find([]byte(letters[:n])); from.words[letters[:n]] == nil && (got == nil || *got != word{}) {
				t.Errorf("of %q is said %+v, and it is no word", letters[:n], got)
			}
		}
		if got := d.find([]byte(letters + "qq")); got != nil {
			t.Errorf("of %qqq is said %+v, and it is no word", letters, got)
		}
	}
	if len(d.nodes) > math.MaxUint16 {
		t.Errorf("there are %d nodes, more than 16 bits count", len(d.nodes))
	}
	t.Logf("%d words, %d nodes, %d of which is said something of its own", len(from.words), len(d.nodes), len(d.words)-1)
}

// spell writes what was read of names.yaml as names.txt has it.
func spell(from *source) []byte {
	var b bytes.Buffer
	b.WriteString("# Made of names.yaml, which is to be changed instead: UPDATE_GOLDEN=1 go test ./rules/names\n")
	var labels []string
	for _, label := range from.labels {
		label = strings.ToLower(strings.ReplaceAll(label, " ", ""))
		labels = append(labels, label, plain(label), plain(bare.Replace(label)))
	}
	slices.Sort(labels)
	fmt.Fprintf(&b, "labels %s\n", strings.Join(slices.Compact(labels), " "))
	numbers := map[string]int{}
	for _, letters := range slices.Sorted(maps.Keys(from.words)) {
		numbers[meant(from.words[letters])] = 0
	}
	b.WriteByte('\n')
	for i, said := range slices.Sorted(maps.Keys(numbers)) {
		numbers[said] = i + 1
		fmt.Fprintf(&b, "%d%s\n", i+1, said)
	}
	b.WriteByte('\n')
	for _, letters := range slices.Sorted(maps.Keys(from.words)) {
		fmt.Fprintf(&b, "%s %d\n", letters, numbers[meant(from.words[letters])])
	}
	return b.Bytes()
}

// meant is what is said of a word, a blank before each.
func meant(w *word) string {
	var b strings.Builder
	for _, at := range w.classes() {
		if *at.class != 0 {
			fmt.Fprintf(&b, " %s=%v", at.called, *at.class)
		}
	}
	for i, role := range roleNames {
		if w.roles&(1<<i) != 0 {
			b.WriteString(" " + role)
		}
	}
	return b.String()
}
