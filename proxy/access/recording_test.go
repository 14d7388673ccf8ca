package access

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
)

// record is a log of which tokens there are.
type record struct {
	all   string // by name, with whose doing the change was
	calls int
	fails error
}

func (r *record) take(all []Token, by map[string]By) error {
	r.calls++
	if r.fails != nil {
		return r.fails
	}
	var b strings.Builder
	for i := range all {
		b.WriteString(all[i].Name + " ")
	}
	for name, of := range by {
		fmt.Fprintf(&b, "(%s: %s %s)", name, of.Name, of.Through)
	}
	r.all = b.String()
	return nil
}

// TestTokensAreRecorded: at the start, where one is made or taken back, and where the file was changed; a day of use is
// no change that anybody has to know.
func TestTokensAreRecorded(t *testing.T) {
	t.Parallel()
	tokens, bearer := withToken(t)
	log := &record{}
	crm := By{"operator", "socket"}
	var b string
	for _, step := range []struct {
		what string
		do   func() error
		want string
	}{
		{"the start", func() error { return tokens.Record(log.take) }, "crm "},
		{"one is made", func() (err error) {
			b, err = tokens.Create(crm, "b", []Role{Read}, nil, noon)
			return err
		}, "b crm (b: operator socket)"},
		{"nothing", tokens.Refresh, "b crm (b: operator socket)"},
		{"one is used", func() error { _, err := tokens.Use(b, noon); return err }, "b crm (b: operator socket)"},
		{"one is taken back", func() error { return tokens.Revoke(By{"crm", "http"}, "b") }, "crm (b: crm http)"},
		{"the file goes", func() error { return errors.Join(os.Remove(tokens.path), tokens.Refresh()) }, ""},
	} {
		if err := step.do(); err != nil || log.all != step.want {
			t.Errorf("%s: %v, recorded is %q", step.what, err, log.all)
		}
	}
	if _, err := tokens.Use(bearer, noon); !errors.Is(err, ErrNoToken) {
		t.Error(err)
	}
}

// TestTokensThatCannotBeRecorded: what is new opens nothing until it is recorded, what is taken back opens nothing from
// then on, and both are recorded when that can be done.
func TestTokensThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	full := errors.New("the disk is full")
	tokens, crm := withToken(t)
	log := &record{fails: full}
	if err := tokens.Record(log.take); !errors.Is(err, ErrUnrecorded) || !errors.Is(err, full) {
		t.Fatal(err)
	}
	if _, err := tokens.Use(crm, noon); !errors.Is(err, ErrNoToken) {
		t.Errorf("one that is not recorded opens: %v", err)
	}
	log.fails = nil
	if err := tokens.Refresh(); err != nil || log.all != "crm " {
		t.Errorf("%v, %q", err, log.all)
	}
	if _, err := tokens.Use(crm, noon); err != nil {
		t.Error(err)
	}
	log.fails = full
	if _, err := tokens.Create(By{}, "b", []Role{Read}, nil, noon); !errors.Is(err, ErrUnrecorded) ||
		len(tokens.List()) != 1 {
		t.Errorf("%v, and there are %v", err, tokens.List())
	}
	other, err := OpenTokens(filepath.Dir(tokens.path))
	if err != nil {
		t.Fatal(err)
	}
	byHand, err := other.Create(By{}, "c", []Role{Read}, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := tokens.Refresh(); !errors.Is(err, ErrUnrecorded) {
		t.Error(err)
	}
	if _, err := tokens.Use(byHand, noon); !errors.Is(err, ErrNoToken) {
		t.Errorf("one that was put into the file, and is not recorded, opens: %v", err)
	}
	if _, err := tokens.Use(crm, noon); err != nil {
		t.Errorf("one that was recorded opens no more: %v", err)
	}
	if err := tokens.Revoke(By{"operator", "socket"}, "crm"); !errors.Is(err, ErrUnrecorded) {
		t.Error(err)
	}
	if _, err := tokens.Use(crm, noon); !errors.Is(err, ErrNoToken) {
		t.Errorf("one that was taken back opens: %v", err)
	}
	log.fails = nil
	if err := tokens.Refresh(); err != nil || log.all != "c (crm: operator socket)" {
		t.Errorf("%v, %q", err, log.all)
	}
	if _, err := tokens.Use(byHand, noon); err != nil {
		t.Error(err)
	}
	calls := log.calls
	if err := tokens.Refresh(); err != nil || log.calls != calls {
		t.Errorf("%v, and it is recorded again", err)
	}
}

// TestRecordedTokensLast: whichever step the process dies at, the next start records what the file holds then.
func TestRecordedTokensLast(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		if n > 50 {
			t.Fatal("there is no end of its steps")
		}
		dir := t.TempDir()
		disk, err := crash.New(dir)
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := OpenTokens(dir)
		if err != nil {
			t.Fatal(err)
		}
		log := &record{}
		tokens.files = durable.Files{Disk: disk}
		if err := tokens.Record(log.take); err != nil {
			t.Fatal(err)
		}
		disk.Fail(n)
		_, made := tokens.Create(By{"crm", "http"}, "b", []Role{Read}, nil, noon)
		if made == nil && log.all != "b (b: crm http)" {
			t.Errorf("step %d: it is handed out, and recorded is %q", n, log.all)
		}
		if made != nil && log.all == "b " != (len(tokens.List()) == 1) { // the file may have come as far as its place
			t.Errorf("step %d: %v, recorded is %q, and there are %v", n, made, log.all, tokens.List())
		}
		for _, what := range crash.Left {
			into := t.TempDir()
			if err := disk.Leave(what, into); err != nil {
				t.Fatal(err)
			}
			next, err := OpenTokens(into)
			if err != nil {
				t.Fatal(err)
			}
			again := *log
			if err := next.Record(again.take); err != nil || again.all == "b " != (len(next.List()) == 1) {
				t.Errorf("step %d, %v left: %v, recorded is %q, and there are %v", n, what, err, again.all, next.List())
			}
		}
		if made == nil {
			break
		}
	}
}
