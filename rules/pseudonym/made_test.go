package pseudonym

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMadeAgain: keys, pseudonyms, visitors and subjects by HMAC and HKDF of the standard library.
func TestMadeAgain(t *testing.T) {
	t.Parallel()
	mac := func(key []byte, parts ...string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(strings.Join(parts, "")))
		return h.Sum(nil)
	}
	below := func(secret []byte, label string, names ...string) []byte {
		info := []byte("tagwarden/1/" + label)
		for _, n := range names {
			info = append(binary.BigEndian.AppendUint32(append(info, 0), uint32(len(n))), n...)
		}
		key, err := hkdf.Key(sha256.New, secret, nil, string(info), 32)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	is := func(name string, got, want []byte) {
		t.Helper()
		if !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x", name, got, want)
		}
	}
	key := TestRoot.SubjectKey()
	is("subject", key[:], below(TestRoot[:], "objection subject"))
	state := TestRoot.State(noon)
	chains := state.Chains()
	day := below(TestRoot[:], "chain", "day")
	for range Day.Period(noon) - Day.Period(first) {
		day = mac(day, "tagwarden/1/next")
	}
	is("day", chains.keys[Day][:], day)
	salt := [16]byte{7, 8}
	secret := below(TestRoot[:], "rekeying")
	is("line", state.rekeying.line[:], mac(secret, "tagwarden/1/line")[:8])
	state.Rekey(salt, []Rotation{Day}, true)
	fresh := below(secret, "rekeyed chain", "day", string(salt[:]))
	for range Day.Period(noon) - Day.Period(first) {
		fresh = mac(fresh, "tagwarden/1/next")
	}
	is("rekeyed", state.chains[Day].key[:], fresh)
	is("rekeyed ledger subject", state.ledger[:], below(secret, "rekeyed ledger subject", string(salt[:])))
	is("rekeying", state.rekeying.secret[:], below(secret, "rekeyed", string(salt[:])))
	for _, s := range []Scope{{"v", "", Day}, {"v", "p", Day}, {strings.Repeat("v", 300), strings.Repeat("p", 70_000),
		Day}} {
		label := "vendor"
		if s.Purpose != "" {
			label = "vendor and purpose"
		}
		got, _ := Derive(chains, s).For(s)
		sum := got.MAC([]byte("jane"))
		is(label, sum[:], mac(below(day, label, s.Vendor, s.Purpose), "jane"))
	}
	ready := key.Hasher()
	for bits := -1; bits <= 258; bits++ {
		whole := mac(key[:], "pseudonym\x00", "jane")
		want := whole
		if bits > 0 && bits < 256 {
			n := new(big.Int).SetBytes(whole)
			n.Lsh(n.Rsh(n, uint(256-bits)), uint(256-bits))
			want = mac(key[:], "cut\x00", string(n.FillBytes(make([]byte, 32))))
		}
		got := ready.Pseudonym([]byte("jane"), bits)
		is(fmt.Sprint(bits, " bits"), got[:], want)
	}
	for _, n := range []int{0, 1, 16, 255, 256, 300, 500} {
		site, agent := strings.Repeat("s", n), strings.Repeat("a", n)
		got := ready.DailyVisitor(site, []byte("0123456789abcdef"), []byte(agent))
		is(fmt.Sprint("visitor of ", n), got[:], mac(key[:], "daily visitor\x00\x100123456789abcdef",
			string([]byte{byte(n >> 8), byte(n)}), site, agent))
		hash := SubjectHash(ready, site, []byte(agent))
		is(fmt.Sprint("subject of ", n), hash[:], mac(key[:], site, "\x00", agent)[:16])
	}
	is("identity", []byte(state.Identity()), []byte(hex.EncodeToString(mac(key[:], "tagwarden/1/identity")[:8])))
	for label, got := range map[string]Key{"feed": state.FeedKey(), "signing": state.SigningKey(),
		"outbox": state.OutboxKey(), "queue": state.QueueKey()} {
		is(label, got[:], mac(key[:], "tagwarden/1/"+label))
	}
}

// TestBoundsOfChains: how far a clock may be ahead, and where chains begin and end, to the second.
func TestBoundsOfChains(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ahead time.Duration
		ok    bool
	}{{MaxSleep - 1, true}, {MaxSleep, true}, {MaxSleep + 1, false}, {-time.Hour, true}} {
		state := TestRoot.State(noon)
		want := state
		if c.ok && c.ahead > 0 {
			want = TestRoot.State(state.Since().Add(c.ahead))
		}
		_, err := state.Advance(state.Since().Add(c.ahead))
		if (err == nil) != c.ok || state != want {
			t.Errorf("%v ahead: %v", c.ahead, err)
		}
		if err != nil &&
			err.Error() != "the clock is too far ahead of the key state: it says 2027-12-29, the key state is of 2026-11-24" {
			t.Error(err)
		}
	}
	last, lastDay := TestRoot.State(end), TestRoot.State(end.AddDate(0, 0, -1))
	if last != lastDay || last.Until() != end {
		t.Error("chains do not end with the last day")
	}
	late := last
	if moved, err := late.Advance(end.Add(-1)); err != nil || moved != nil {
		t.Errorf("the last moment: %v, %v", moved, err)
	}
	if moved, err := late.CatchUp(end); !errors.Is(err, ErrAhead) || moved != nil || !strings.HasSuffix(err.Error(),
		": keys end with 2120-01-01") {
		t.Errorf("the end: %v, %v", moved, err)
	}
	early := TestRoot.State(first)
	if early != TestRoot.State(first.AddDate(-1, 0, 0)) || early.Since() != first ||
		early == TestRoot.State(first.AddDate(0, 0, 1)) {
		t.Error("chains do not begin with the first day")
	}
	state := TestRoot.State(noon)
	before := state
	state.rekeying.secret = Key{}
	state.Rekey([16]byte{}, []Rotation{Week}, true)
	state.rekeying = before.rekeying
	if state != before || state.Zero() || !(State{}).Zero() {
		t.Error("a state of a version before was rekeyed")
	}
	state.Rekey([16]byte{}, []Rotation{Week, numRotations}, false)
	state.Rekey([16]byte{}, []Rotation{Week}, false)
	if period, turns := state.Chain(Week); period != Week.Period(noon) || turns != 2 {
		t.Errorf("%d, %d turns", period, turns)
	}
	state.ShredLedger(Key{1})
	state.ShredLedger(Key{2})
	if state.Shreds() != 2 || state.LedgerSubjectKey() != (Key{2}) {
		t.Error("shredding twice")
	}
}

// TestStatesThatAreNone: each field of a key state, wrong alone, with the check of the line right.
func TestStatesThatAreNone(t *testing.T) {
	t.Parallel()
	state := TestRoot.State(noon)
	line, _, _ := bytes.Cut(state.Append(nil), []byte{'\n'})
	sealed := func(line []byte) []byte {
		sum := sha256.Sum256(line)
		return fmt.Appendf(nil, "%s\n%x\n", line, sum)
	}
	if got, err := ParseState(sealed(line)); err != nil || got != state {
		t.Fatalf("as it was: %v", err)
	}
	zero := base64.StdEncoding.EncodeToString(make([]byte, 32))
	day := state.chains[Day].period
	for name, change := range map[string]func(*written){
		"version 0": func(w *written) { w.Version = 0 }, "version 3": func(w *written) { w.Version = 3 },
		"form 1":      func(w *written) { w.Version = 1 },
		"no rekeying": func(w *written) { w.Rekey = nil },
		"secret":      func(w *written) { w.Rekey.Secret = zero },
		"line":        func(w *written) { w.Rekey.Line = "00" },
		"times":       func(w *written) { w.Rekey.Times = -1 },
		"subject":     func(w *written) { w.Subject = "" }, "subject of zeros": func(w *written) { w.Subject = zero },
		"ledger": func(w *written) { w.Ledger = zero[:40] }, "ledger of zeros": func(w *written) { w.Ledger = zero },
		"digest": func(w *written) { w.Digest = "!" }, "digest of zeros": func(w *written) { w.Digest = zero },
		"short":  func(w *written) { w.Subject = base64.StdEncoding.EncodeToString(make([]byte, 31)) },
		"long":   func(w *written) { w.Subject = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 33)) },
		"shreds": func(w *written) { w.Shreds = -1 }, "no chain": func(w *written) { delete(w.Chains, "month") },
		"another":        func(w *written) { w.Chains["year"] = w.Chains["day"] },
		"chain of zeros": func(w *written) { w.Chains["never"] = behind{0, 0, zero} },
		"turns":          func(w *written) { c := w.Chains["week"]; c.Turns = -1; w.Chains["week"] = c },
		"week":           func(w *written) { c := w.Chains["week"]; c.Period++; w.Chains["week"] = c },
		"month":          func(w *written) { c := w.Chains["month"]; c.Period--; w.Chains["month"] = c },
		"never":          func(w *written) { c := w.Chains["never"]; c.Period = 1; w.Chains["never"] = c },
		"day":            func(w *written) { c := w.Chains["day"]; c.Period = day + 40; w.Chains["day"] = c },
	} {
		var w written
		if err := json.Unmarshal(line, &w); err != nil {
			t.Fatal(err)
		}
		change(&w)
		text, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseState(sealed(text))
		if !errors.Is(err, ErrState) || !got.Zero() {
			t.Errorf("%s: %v", name, err)
		}
		if versioned := strings.HasPrefix(name, "version"); versioned != (err != nil && strings.Contains(err.Error(),
			"another version (format "+strconv.Itoa(w.Version)+"; this one reads 1 and 2)")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := sealed(bytes.Replace(line, []byte(`"version":1`), []byte(`"version":2`), 1))
	other[len(other)-2] ^= 1
	// Nothing is said of a version that may be damaged, too.
	if _, err := ParseState(other); err == nil || err.Error() != ErrState.Error() {
		t.Errorf("damaged: %v", err)
	}
	for at, ok := range map[time.Time]bool{first: true, end.AddDate(0, 0, -1): true, first.AddDate(0, 0, -1): false,
		end: false} {
		s := state
		for k := range numRotations {
			s.chains[k].period = k.Period(at)
		}
		if got, err := ParseState(s.Append(nil)); (err == nil) != ok || ok && got != s {
			t.Errorf("of %v: %v", at, err)
		}
	}
	for _, text := range []string{"", "\n", string(line), string(line) + "\n", " " + string(sealed(line)),
		string(sealed(append([]byte(" "), line...))), string(sealed([]byte("{}"))), string(sealed([]byte("{")))} {
		if got, err := ParseState([]byte(text)); !errors.Is(err, ErrState) || !got.Zero() {
			t.Errorf("%d bytes: %v", len(text), err)
		}
	}
}

// TestSharingAsWritten: the two expectations, by their formulas.
func TestSharingAsWritten(t *testing.T) {
	t.Parallel()
	for _, bits := range []int{1, 2, 3, 8, 16} {
		for _, n := range []float64{1, 2, 3, 10, 1000} {
			all := math.Pow(2, float64(bits))
			sharing, different := n*(1-math.Pow(1-1/all, n-1)), all*(1-math.Pow(1-1/all, n))
			if s, d := Sharing(bits, n); math.Abs(s-sharing) > 1e-6 || math.Abs(d-different) > 1e-6 {
				t.Errorf("%d bits, %.0f visitors: %f and %f, want %f and %f", bits, n, s, d, sharing, different)
			}
		}
	}
	for _, c := range []struct {
		bits                  int
		n, sharing, different float64
	}{{0, 5, 0, 5}, {-1, 5, 0, 5}, {8, 0, 0, 0}, {8, -5, 0, 0}, {0, 0, 0, 0}, {0, -1, 0, 0}} {
		if s, d := Sharing(c.bits, c.n); s != c.sharing || d != c.different {
			t.Errorf("%d bits, %.0f visitors: %f and %f", c.bits, c.n, s, d)
		}
	}
}

// TestRootsThatAreNone: 32 bytes in base64 of either alphabet, and nothing else.
func TestRootsThatAreNone(t *testing.T) {
	t.Parallel()
	for n := range 40 {
		for _, fill := range []byte{0, 0xfb, 0xff} {
			b := bytes.Repeat([]byte{fill}, n)
			for _, coding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding,
				base64.RawURLEncoding} {
				got, err := ParseRoot(" " + coding.EncodeToString(b) + "\n")
				if (err == nil) != (n == 32) || n == 32 && !bytes.Equal(got[:], b) || err != nil && got != (Root{}) {
					t.Errorf("%d bytes of %x: %v", n, fill, err)
				}
			}
		}
	}
	text := base64.StdEncoding.EncodeToString(TestRoot[:])
	for _, in := range []string{"!" + text[1:], text[:20] + " " + text[21:], "+-" + text[2:], "-/" + text[2:],
		"=" + text} {
		if got, err := ParseRoot(in); !errors.Is(err, ErrRoot) || got != (Root{}) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// TestKeysAsText: a key of a state file is 32 bytes in base64, and not all of them zeros.
func TestKeysAsText(t *testing.T) {
	t.Parallel()
	key := TestRoot.SubjectKey()
	for text, want := range map[string]bool{key.text(): true, "": false, "!": false, new(Key).text(): false,
		(&Key{31: 1}).text(): true, strings.TrimSuffix(key.text(), "="): false, key.text()[4:]: false,
		"AAAA" + key.text(): false} {
		var got Key
		if ok := got.read(text); ok != want || ok && got.text() != text {
			t.Errorf("%q is a key: %v", text, ok)
		}
	}
}

// TestMessagesOnTheStack: however long a message is, it is hashed without room on the heap.
func TestMessagesOnTheStack(t *testing.T) {
	key, text := TestRoot.SubjectKey(), make([]byte, 5000)
	ready := key.Hasher()
	for _, n := range []int{0, 100, len(text)} {
		var sum [32]byte
		if allocs := testing.AllocsPerRun(20, func() { sum = ready.MAC(text[n:], text[:n]) }); allocs != 0 ||
			sum != key.MAC(text) {
			t.Errorf("%d and %d bytes: %v allocations", len(text)-n, n, allocs)
		}
	}
}
