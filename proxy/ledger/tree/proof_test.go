package tree

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// logOf is a log of so many records, its checkpoint, and the keys that it is checked with. A record says that another
// was erased by naming its number under "erased".
func logOf(t testing.TB, n int) (s *stored, checkpoint []byte, keys Keys) {
	t.Helper()
	s = open(t, t.TempDir(), 0, nil)
	s.append(n)
	signer, key := signerOf(t, origin, 1)
	witness, other := signerOf(t, "witness.example", 2)
	return s, sign(t, signer, s.edge.Tree(), witness), Keys{Log: key, Witnesses: []note.Verifier{other}, Erases: erases}
}

// erases is what these tests' records say of others: each one that all before it were erased.
func erases(line []byte, number int64) error {
	var said struct{ Number int64 }
	if err := json.Unmarshal(line, &said); err != nil || number >= said.Number {
		return errors.New("it does not speak of it")
	}
	return nil
}

// TestProofs: every record of logs of many sizes is proved, with its line or without, and by no other line.
func TestProofs(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 8))
	for _, size := range []int{1, 2, 3, 4, 7, 8, 9, 255, 256, 257, 300 + random.IntN(300)} {
		s, checkpoint, keys := logOf(t, size)
		for n := int64(0); n < int64(size); n += 1 + int64(size/17) {
			file, err := MakeProof(Wanted{Number: n, Line: line(int(n))}, checkpoint, keys, s.tiles())
			if err != nil {
				t.Fatalf("record %d of %d: %v", n, size, err)
			}
			p, err := CheckProof(file, keys)
			if err != nil || p.Number != n || !bytes.Equal(p.Line, line(int(n))) || p.By != nil ||
				p.Checkpoint.Tree != s.edge.Tree() {
				t.Errorf("record %d of %d: %+v, %v", n, size, p, err)
			}
			want := fmt.Sprintf("record %d is in the log %s, which had %s when %[2]s and witness.example signed it",
				n, origin, plural.Of(size, "record"))
			if p.String() != want {
				t.Error(p)
			}
			if file, err := MakeProof(Wanted{Number: n, Line: line(size + 1)}, checkpoint, keys, s.tiles()); err == nil {
				t.Errorf("another line is record %d of %d:\n%s", n, size, file)
			}
			by := Wanted{Number: int64(size) - 1, Line: line(size - 1)}
			file, err = MakeProof(Wanted{Number: n, By: &by}, checkpoint, keys, s.tiles())
			if n == by.Number {
				if err == nil {
					t.Errorf("record %d erased itself:\n%s", n, file)
				}
				continue
			}
			p, err = CheckProof(file, keys)
			end := fmt.Sprintf("; its line was erased by record %d, which is in the log as well", by.Number)
			if err != nil || p.Line != nil || p.Entry != EntryOf(line(int(n))) || p.By.Number != by.Number ||
				!strings.HasSuffix(p.String(), end) {
				t.Errorf("record %d of %d, erased: %v, %v", n, size, p, err)
			}
		}
	}
}

// TestProofIsAsItWas: the form of the files, and what openers of them print, are the same in every version.
func TestProofIsAsItWas(t *testing.T) {
	t.Parallel()
	s, checkpoint, keys := logOf(t, 12)
	for name, wanted := range map[string]Wanted{
		"record": {Number: 7, Line: line(7)}, "erased": {Number: 7, By: &Wanted{Number: 11, Line: line(11)}},
	} {
		file, err := MakeProof(wanted, checkpoint, keys, s.tiles())
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", "proof-"+name+".golden.json")
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(golden, file, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(file, want) {
			t.Errorf("%v: it was not so before:\n%s", err, file)
		}
	}
}

// stranger checks a proof file with a JSON reader, the specifications' text and the library that reads notes, and
// nothing else of this package: the second reading. It trusts what stands there to be in the right form.
func stranger(t *testing.T, file []byte, key note.Verifier) bool {
	t.Helper()
	var f struct {
		Number     uint64
		Proof      [][]byte
		Checkpoint string
	}
	if json.Unmarshal(file, &f) != nil {
		return false
	}
	n, err := note.Open([]byte(f.Checkpoint), note.VerifierList(key))
	if err != nil {
		return false
	}
	var size uint64
	var root string
	if _, err := fmt.Sscanf(n.Text, origin+"\n%d\n%s\n", &size, &root); err != nil || f.Number >= size {
		return false
	}
	record := regexp.MustCompile(`(?m)^  "record": (.*),$`).FindSubmatch(file)
	if record == nil {
		return false
	}
	entry := sha256.Sum256(record[1])
	h := sha256.Sum256(append([]byte{0}, entry[:]...))
	// RFC 9162, section 2.1.3.2.
	fn, sn := f.Number, size-1
	for _, p := range f.Proof {
		if sn == 0 {
			return false
		}
		if fn&1 == 1 || fn == sn {
			h = sha256.Sum256(append(append([]byte{1}, p...), h[:]...))
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			h = sha256.Sum256(append(append([]byte{1}, h[:]...), p...))
		}
		fn, sn = fn>>1, sn>>1
	}
	return sn == 0 && tlog.Hash(h).String() == root
}

// TestAStrangerAgrees: what is made here is taken by a checker that shares no code.
func TestAStrangerAgrees(t *testing.T) {
	t.Parallel()
	s, checkpoint, keys := logOf(t, 301)
	for n := 0; n < 301; n += 12 {
		file, err := MakeProof(Wanted{Number: int64(n), Line: line(n)}, checkpoint, keys, s.tiles())
		if err != nil {
			t.Fatal(err)
		}
		if !stranger(t, file, keys.Log) {
			t.Errorf("record %d is not proved:\n%s", n, file)
		}
		other := bytes.Replace(file, []byte("page_view"), []byte("page_veiw"), 1)
		if stranger(t, other, keys.Log) {
			t.Errorf("record %d was changed, and is proved", n)
		}
	}
}

// TestEveryBitOfAProofCounts: with any bit another one, a byte less or more anywhere, it proves nothing.
func TestEveryBitOfAProofCounts(t *testing.T) {
	t.Parallel()
	s, checkpoint, keys := logOf(t, 12)
	for _, wanted := range []Wanted{{Number: 7, Line: line(7)}, {Number: 7, By: &Wanted{Number: 11, Line: line(11)}}} {
		file, err := MakeProof(wanted, checkpoint, keys, s.tiles())
		if err != nil {
			t.Fatal(err)
		}
		refused := func(what string, at int, changed []byte) {
			if _, err := CheckProof(changed, keys); !errors.Is(err, ErrProof) {
				t.Errorf("byte %d %s: %v", at, what, err)
			}
		}
		for at := range file {
			for bit := range 8 {
				changed := bytes.Clone(file)
				changed[at] ^= 1 << bit
				refused(fmt.Sprintf("has another bit %d", bit), at, changed)
			}
			refused("and those behind it are gone", at, file[:at])
			refused("is gone", at, append(bytes.Clone(file[:at]), file[at+1:]...))
			for _, more := range []string{" ", "\n", "0", "\"", ",", "=", "A"} {
				refused("has "+more+" before it", at, append(append(bytes.Clone(file[:at]), more...), file[at:]...))
			}
		}
		for _, more := range []string{" ", "\n", "{}", "\x00"} {
			refused("stands before "+more, len(file), append(bytes.Clone(file), more...))
		}
	}
}

// TestProofsThatAreNone: what is wrong with a file is said.
func TestProofsThatAreNone(t *testing.T) {
	t.Parallel()
	s, checkpoint, keys := logOf(t, 12)
	whole, err := MakeProof(Wanted{Number: 7, Line: line(7)}, checkpoint, keys, s.tiles())
	if err != nil {
		t.Fatal(err)
	}
	erased, err := MakeProof(Wanted{Number: 7, By: &Wanted{Number: 11, Line: line(11)}}, checkpoint, keys, s.tiles())
	if err != nil {
		t.Fatal(err)
	}
	replace := func(file []byte, old, by string) string {
		if !bytes.Contains(file, []byte(old)) {
			t.Fatalf("there is no %q", old)
		}
		return strings.Replace(string(file), old, by, 1)
	}
	for want, file := range map[string]string{
		"it is no JSON object":               "",
		"behind its end stand 2 bytes":       string(whole) + "\n",
		`"more" is no member of it`:          replace(whole, `{`, `{"more": 1,`),
		`"Number" is no member of it`:        replace(whole, `"number"`, `"Number"`),
		`the member "number" is there tw`:    replace(whole, `"number": 7,`, `"number": 7, "number": 7,`),
		`the member "number" is missing`:     replace(whole, "  \"number\": 7,\n", ""),
		`the member "format" is missing`:     replace(whole, "  \"format\": \"tagwarden proof 1\",\n", ""),
		"format: \"tagwarden proof 1\" is":   replace(whole, "proof 1", "proof 2"),
		"number: a whole number":             replace(whole, `"number": 7`, `"number": 7.0`),
		"number: a whole number from 0":      replace(whole, `"number": 7`, `"number": -7`),
		"record 12 is not in the checkpo":    replace(whole, `"number": 7`, `"number": 12`),
		"record given is not record 6":       replace(whole, `"number": 7`, `"number": 6`),
		"record: the JSON object of one":     replace(whole, `{"number":7`, "{\n\"number\":7"),
		`"record" stands beside "entry"`:     replace(erased, `  "entry"`, "  \"record\": {},\n  \"entry\""),
		`the member "record" is missing, or`: replace(whole, `"record"`, `"entry"`) + "",
		"line 3, byte 3: it does not stan":   replace(whole, "  \"number\": 7,\n", "   \"number\": 7,\n"),
		"proof: hash 1: it is no base64":     replace(whole, "=\",\n", "\",\n"),
		"checkpoint: this is no checkpoi":    replace(whole, `\n12\n`, `\n13\n`),
		"erased_by: record 6 comes before":   replace(erased, `"number": 11`, `"number": 6`),
		"erased_by: the record given is n":   replace(erased, `"number":11`, `"number":12`),
		"erased_by: number: record 12 is":    replace(erased, `"number": 11`, `"number": 12`),
	} {
		if _, err := CheckProof([]byte(file), keys); !errors.Is(err, ErrProof) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	for what, c := range map[string]struct {
		keys Keys
		file []byte
		want string
	}{
		"no key":            {Keys{}, whole, "no key of a log"},
		"a witness unknown": {Keys{Log: keys.Log}, whole, "a signature by witness.example, whose key was not given"},
		"another log":       {Keys{Log: keys.Witnesses[0]}, whole, "is of " + origin},
		"nothing knows":     {Keys{Log: keys.Log, Witnesses: keys.Witnesses}, erased, "nothing can tell here"},
		"it does not say so": {Keys{keys.Log, keys.Witnesses, func([]byte, int64) error { return errors.New("no") }}, erased,
			"record 11 does not say that record 7 was erased: no"},
	} {
		if _, err := CheckProof(c.file, c.keys); !errors.Is(err, ErrProof) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestProofsThatAreNotMade: nothing that could not be checked is given out, and a witness who is not known stays away.
func TestProofsThatAreNotMade(t *testing.T) {
	t.Parallel()
	s, checkpoint, keys := logOf(t, 12)
	file, err := MakeProof(Wanted{Number: 7, Line: line(7)}, checkpoint, Keys{Log: keys.Log}, s.tiles())
	if err != nil || bytes.Contains(file, []byte("witness")) {
		t.Errorf("without the witness: %v\n%s", err, file)
	}
	if _, err := CheckProof(file, Keys{Log: keys.Log}); err != nil {
		t.Error(err)
	}
	other := *s
	other.edge = Edge{}
	other.append(13)
	signer, _ := signerOf(t, origin, 1)
	larger := sign(t, signer, other.edge.Tree())
	for what, c := range map[string]struct {
		w          Wanted
		checkpoint []byte
		keys       Keys
	}{
		"no key":                   {Wanted{Number: 7, Line: line(7)}, checkpoint, Keys{}},
		"behind the end":           {Wanted{Number: 12, Line: line(12)}, checkpoint, keys},
		"before the beginning":     {Wanted{Number: -1, Line: line(0)}, checkpoint, keys},
		"no line":                  {Wanted{Number: 7}, checkpoint, keys},
		"erased by a later one":    {Wanted{Number: 7, By: &Wanted{Number: 12, Line: line(12)}}, checkpoint, keys},
		"erased by an earlier":     {Wanted{Number: 7, By: &Wanted{Number: 6, Line: line(6)}}, checkpoint, keys},
		"a line that is no object": {Wanted{Number: 7, Line: []byte("7")}, checkpoint, keys},
		"another key's checkpoint": {Wanted{Number: 7, Line: line(7)}, checkpoint, Keys{Log: keys.Witnesses[0]}},
		"a checkpoint of more":     {Wanted{Number: 7, Line: line(7)}, larger, keys},
	} {
		if file, err := MakeProof(c.w, c.checkpoint, c.keys, s.tiles()); err == nil {
			t.Errorf("%s:\n%s", what, file)
		}
	}
}

// FuzzProof: what is taken is as it is written, and the checker that shares no code takes it as well.
func FuzzProof(f *testing.F) {
	s, checkpoint, keys := logOf(f, 12)
	for _, wanted := range []Wanted{{Number: 7, Line: line(7)}, {Number: 7, By: &Wanted{Number: 11, Line: line(11)}}} {
		file, err := MakeProof(wanted, checkpoint, keys, s.tiles())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
		f.Add(file[:len(file)-3])
		f.Add(bytes.Replace(file, []byte(`"number": `), []byte(`"more": [`), 1))
	}
	f.Add([]byte(`{"format":7}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := readProof(b); err == nil {
			if written := p.file(); asWritten(b, written) == nil && !json.Valid(b) {
				t.Errorf("%q is no JSON", b)
			}
		}
		p, err := CheckProof(b, keys)
		if err == nil && p.By == nil && !stranger(t, b, keys.Log) {
			t.Errorf("%q is taken", b)
		}
	})
}
