package witness

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// TestWitnessed: what enough witnesses signed is the witnessed checkpoint, in memory, on disk and after a restart.
func TestWitnessed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := t.TempDir(), newLog(t)
		a, b, c := newFake("a.example", 2, l.key), newFake("b.example", 3, l.key), newFake("c.example", 4, nil)
		w, said := client(t, dir, l, 2, a, b, c)
		ctx, end := context.WithCancel(t.Context())
		defer end()
		go w.Run(ctx)
		synctest.Wait()
		if w.Witnessed() != nil {
			t.Error("witnessed before there is anything")
		}
		for _, n := range []int{1, 2, 255, 256, 257, 1000, 1000} {
			l.grow(t, n, "record")
			w.Kick()
			synctest.Wait()
			read, err := tree.OpenCheckpoint(w.Witnessed(), l.key, a.witness(t).Key, b.witness(t).Key)
			if err != nil || read.Tree != l.edge.Tree() || len(read.Signed) != 3 {
				t.Fatalf("%d records: %+v, %v", n, read, err)
			}
			if kept, err := ReadWitnessed(dir); err != nil || string(kept) != string(w.Witnessed()) {
				t.Errorf("%d records: %v, %s", n, err, kept)
			}
		}
		if len(said.disputes) > 0 || len(said.faults) > 0 || w.Disputed() != "" {
			t.Errorf("%v, %v, %s", said.disputes, said.faults, w.Disputed())
		}
		again, _ := client(t, dir, l, 2, a, b, c)
		if string(again.Witnessed()) != string(w.Witnessed()) {
			t.Error("forgotten by a restart")
		}
		if known := again.States(); known[0].Size != 1000 || known[0].Failure != "" || known[0].Signed.IsZero() ||
			known[2].Size != 0 || known[2].Failure != UnknownLog {
			t.Errorf("%+v", known)
		}
		if fewer, _ := client(t, dir, l, 2, a, c); fewer.Witnessed() != nil {
			t.Error("one of those who signed is no witness any more, and it counts")
		}
	})
}

// said is what a witness answers; the zero value: nothing.
type said struct {
	status     int
	kind, body string
}

// TestEveryAnswer: what each answer of a witness comes to.
func TestEveryAnswer(t *testing.T) {
	l := newLog(t)
	l.grow(t, 300, "record")
	stranger := newFake("stranger.example", 9, l.key)
	text, _, _ := strings.Cut(string(l.checkpoint()), "\n\n")
	text += "\n"
	size := func(body string) said { return said{409, "text/x.tlog.size; charset=utf-8", body} }
	signed := func(text string) string { return newFake("a.example", 2, nil).cosign(text, time.Now()) }
	for what, c := range map[string]struct {
		answer said
		want   Outcome
		kind   Kind
	}{
		"unknown log":      {said{404, "", "x"}, UnknownLog, ""},
		"unknown key":      {said{403, "", "x"}, UnknownKey, ""},
		"bad request":      {said{400, "", "x"}, BadAnswer, ""},
		"a redirect":       {said{307, "", ""}, BadAnswer, ""},
		"too many":         {said{429, "", ""}, BadAnswer, ""},
		"down":             {said{503, "", ""}, BadAnswer, ""},
		"no answer":        {said{}, Unreachable, ""},
		"too long":         {said{200, "", strings.Repeat("x", mostAnswer+1)}, BadAnswer, ""},
		"nothing":          {said{200, "", ""}, Unsigned, ""},
		"no lines":         {said{200, "", "x\n\ny"}, Unsigned, ""},
		"a stranger's":     {said{200, "", stranger.cosign(text, time.Now())}, Unsigned, ""},
		"another text's":   {said{200, "", signed(text + "x\n")}, Unsigned, ""},
		"without end":      {said{200, "", strings.TrimSpace(signed(text))}, Unsigned, ""},
		"too far":          {said{200, "", strings.Repeat("x\n", mostLines) + signed(text)}, Unsigned, ""},
		"behind others":    {said{200, "", strings.Repeat("x\n", mostLines-1) + signed(text)}, Signed, ""},
		"no size":          {said{409, "text/x.tlog.size", ""}, Conflict, ""},
		"another type":     {said{409, "text/plain", "200\n"}, Conflict, ""},
		"no type":          {said{409, "", "200\n"}, Conflict, ""},
		"below nothing":    {size("-1\n"), Conflict, ""},
		"with a sign":      {size("+1\n"), Conflict, ""},
		"with zeros":       {size("0200\n"), Conflict, ""},
		"two lines":        {size("200\n200\n"), Conflict, ""},
		"no line's end":    {size("200"), Conflict, ""},
		"what was said":    {size("0\n"), Conflict, ""},
		"the same twice":   {size("200\n"), Conflict, ""},
		"beyond 63 bits":   {size("9223372036854775808\n"), Conflict, ""},
		"larger":           {size("301\n"), Disputed, Larger},
		"much larger":      {size("9223372036854775807\n"), Disputed, Larger},
		"as large, refuse": {size("300\n"), Disputed, Other},
		"no continuation":  {said{422, "", ""}, Disputed, Other},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake("a.example", 2, l.key)
			f.fail = func(*http.Request) (*http.Response, error) {
				if c.answer.status == 0 {
					return nil, errors.New("no route to host")
				}
				return answer(c.answer.status, c.answer.kind, c.answer.body), nil
			}
			w, said := client(t, t.TempDir(), l, 1, f)
			w.round(t.Context())
			s := w.States()[0]
			if got := said.outcomes["a.example"]; !slices.Equal(got, []Outcome{c.want}) || s.Dispute.Kind != c.kind ||
				(w.Disputed() != "") != (c.kind != "") || (len(said.disputes) == 1) != (c.kind != "") {
				t.Errorf("%s: %v, %+v, %q", what, got, s, w.Disputed())
			}
			if strings.Contains(s.Error, "://") || (s.Error == "") != (c.want == Signed) {
				t.Errorf("%s: it says %q", what, s.Error)
			}
			if (w.Witnessed() != nil) != (c.want == Signed) {
				t.Errorf("%s: witnessed %q", what, w.Witnessed())
			}
			if f.posts > 2 {
				t.Errorf("%s: asked %d times in one go", what, f.posts)
			}
		})
	}
}

// TestGoesOnFromWhatTheWitnessKnows: a client that knows nothing, or something else, goes on by what the witness says.
func TestGoesOnFromWhatTheWitnessKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, before := range []int{1, 100, 256, 299, 300} {
			l := newLog(t)
			f := newFake("a.example", 2, l.key)
			l.grow(t, before, "record")
			first, _ := client(t, t.TempDir(), l, 1, f)
			first.round(t.Context())
			l.grow(t, 300, "record")
			w, said := client(t, t.TempDir(), l, 1, f)
			w.round(t.Context())
			if got := said.outcomes["a.example"]; !slices.Equal(got, []Outcome{Signed}) || f.seen != l.edge.Tree() {
				t.Errorf("from %d: %v", before, got)
			}
		}
	})
}

// TestSomebodyElseBroughtItMore: a witness that knows a checkpoint which the log signed meanwhile disputes nothing.
func TestSomebodyElseBroughtItMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t)
		l.grow(t, 10, "record")
		f := newFake("a.example", 2, l.key)
		w, said := client(t, t.TempDir(), l, 1, f)
		f.fail = func(*http.Request) (*http.Response, error) {
			f.fail = nil
			l.grow(t, 20, "record")
			f.seen = l.edge.Tree()
			return answer(409, "text/x.tlog.size", "20\n"), nil
		}
		ctx, end := context.WithCancel(t.Context())
		defer end()
		go w.Run(ctx)
		<-time.After(2 * delays[0])
		synctest.Wait()
		if got := said.outcomes["a.example"]; !slices.Equal(got, []Outcome{Conflict, Signed}) || len(said.disputes) > 0 {
			t.Errorf("%v, %v", got, said.disputes)
		}
	})
}

// TestCutAndRewrittenLogs: a witness finds both, whether or not the client remembers; it is said once, also after a
// restart, and until the witness signs again.
func TestCutAndRewrittenLogs(t *testing.T) {
	for _, c := range []struct {
		what     string
		to, word string
		remember bool
		want     Kind
	}{
		{"cut", "200", "record", true, Larger},
		{"cut, nothing remembered", "200", "record", false, Larger},
		{"rewritten", "400", "other", true, Other},
		{"rewritten, nothing remembered", "400", "other", false, Other},
		{"rewritten to the same size", "300", "other", true, Other},
		{"rewritten to the same size, nothing remembered", "300", "other", false, Other},
	} {
		synctest.Test(t, func(t *testing.T) {
			var to int
			if _, err := fmt.Sscan(c.to, &to); err != nil {
				t.Fatal(err)
			}
			dir, l := t.TempDir(), newLog(t)
			f := newFake("a.example", 2, l.key)
			l.grow(t, 300, "record")
			w, _ := client(t, dir, l, 1, f)
			w.round(t.Context())
			seen := f.seen
			other := newLog(t)
			other.grow(t, to, c.word)
			if !c.remember {
				dir = t.TempDir()
			}
			w, said := client(t, dir, other, 1, f)
			for range 3 {
				w.round(t.Context())
				<-time.After(time.Hour)
			}
			if !slices.Equal(said.disputes, []Kind{c.want}) || !strings.Contains(w.Disputed(), "a.example") || f.seen != seen {
				t.Errorf("%s: %v, %q", c.what, said.disputes, w.Disputed())
			}
			w, said = client(t, dir, other, 1, f)
			if w.Disputed() == "" {
				t.Errorf("%s: forgotten by a restart", c.what)
			}
			back, _ := client(t, dir, l, 1, f)
			w.opts.Checkpoint, w.opts.Tiles = back.opts.Checkpoint, back.opts.Tiles
			w.round(t.Context())
			if w.Disputed() != "" || !slices.Equal(said.disputes, []Kind{""}) {
				t.Errorf("%s: the right log is back: %q, %v", c.what, w.Disputed(), said.disputes)
			}
			if again, _ := client(t, dir, l, 1, f); again.Disputed() != "" {
				t.Errorf("%s: the right log is back, and a restart knows it not", c.what)
			}
		})
	}
}

// TestWitnessIsWrong: one that refuses a proof which holds disputes nothing.
func TestWitnessIsWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t)
		f := newFake("a.example", 2, l.key)
		l.grow(t, 300, "record")
		w, said := client(t, t.TempDir(), l, 1, f)
		w.round(t.Context())
		l.grow(t, 400, "record")
		f.fail = func(*http.Request) (*http.Response, error) { return answer(422, "", ""), nil }
		w.round(t.Context())
		if got := said.outcomes["a.example"]; !slices.Equal(got, []Outcome{Signed, RefusedProof}) || w.Disputed() != "" {
			t.Errorf("%v, %q", got, w.Disputed())
		}
	})
}

// TestNobodyWaits: a witness that hangs keeps nobody from anything, and is let be longer and longer.
func TestNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t)
		a, b := newFake("a.example", 2, l.key), newFake("b.example", 3, l.key)
		var asked []time.Time
		b.fail = func(r *http.Request) (*http.Response, error) {
			asked = append(asked, time.Now())
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		w, said := client(t, t.TempDir(), l, 1, a, b)
		ctx, end := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); w.Run(ctx) }()
		begun := time.Now()
		for n := range 600 { // ten minutes, a checkpoint a second
			l.grow(t, n+1, "record")
			w.Kick()
			<-time.After(time.Second)
		}
		synctest.Wait()
		if signed := len(said.outcomes["a.example"]); signed < 500 || a.seen.N < 590 {
			t.Errorf("the other one was asked %d times, up to %d records", signed, a.seen.N)
		}
		if n := len(asked); n < 5 || n > 8 {
			t.Errorf("asked %d times", n)
		}
		for i := range len(asked) - 1 {
			if pause, least := asked[i+1].Sub(asked[i]), patience+delays[min(i, len(delays)-1)]; pause < least {
				t.Errorf("%v after the start: asked again after %v, and not %v", asked[i].Sub(begun), pause, least)
			}
		}
		end()
		<-done
	})
}

// TestWitnessesWithoutADisk: what cannot be kept is said, and asked anew after a restart.
func TestWitnessesWithoutADisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := t.TempDir(), newLog(t)
		l.grow(t, 10, "record")
		f := newFake("a.example", 2, l.key)
		w, said := client(t, dir, l, 1, f)
		disk, err := crash.New(dir)
		if err != nil {
			t.Fatal(err)
		}
		disk.Die(1)
		w.opts.Files = durable.Files{Disk: disk}
		w.round(t.Context())
		if len(said.faults) != 2 || !errors.Is(errors.Join(said.faults...), crash.ErrFailed) || w.Witnessed() == nil {
			t.Errorf("%v", said.faults)
		}
		for _, name := range []string{StateFile, WitnessedFile} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		w, said = client(t, dir, l, 1, f)
		if len(said.faults) != 2 || w.Witnessed() != nil {
			t.Errorf("damaged: %v", said.faults)
		}
		w.round(t.Context())
		if got := said.outcomes["a.example"]; !slices.Equal(got, []Outcome{Signed}) || w.Witnessed() == nil {
			t.Errorf("damaged: %v", got)
		}
		if all, err := ReadStates(dir); err != nil || len(all) != 1 || all[0].Size != 10 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}
