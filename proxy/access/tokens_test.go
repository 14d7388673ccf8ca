package access

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
)

// noon is when tests happen.
var noon = time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)

// withToken makes a folder with a token of every role, crm.
func withToken(t *testing.T) (tokens *Tokens, bearer string) {
	t.Helper()
	tokens, err := OpenTokens(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if bearer, err = tokens.Create(By{}, "crm", Roles(), nil, noon); err != nil {
		t.Fatal(err)
	}
	return tokens, bearer
}

func TestTokens(t *testing.T) {
	dir := t.TempDir()
	tokens, err := OpenTokens(dir)
	if err != nil {
		t.Fatal(err)
	}
	end := noon.AddDate(0, 0, 90)
	token, err := tokens.Create(By{}, "crm", []Role{Add}, &end, noon)
	if err != nil || !strings.HasPrefix(token, "tw_") || len(token) != 46 {
		t.Fatalf("%q, %v", token, err)
	}
	if _, err := tokens.Create(By{}, "crm", []Role{Read}, nil, noon); !errors.Is(err, ErrTaken) {
		t.Error(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, TokensFile))
	if err != nil || strings.Contains(string(file), token) || strings.Contains(string(file), token[3:]) {
		t.Errorf("%v: %s", err, file)
	}
	if info, err := os.Stat(filepath.Join(dir, TokensFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	used, err := tokens.Use(token, noon)
	if err != nil || used.Name != "crm" || used.Unsaved != nil {
		t.Errorf("%+v, %v", used, err)
	}
	again, err := OpenTokens(dir)
	if err != nil || len(again.List()) != 1 || again.List()[0].Used != "2026-12-01" || again.List()[0].SHA256 != "" {
		t.Errorf("%+v, %v", again, err)
	}
	for _, other := range []string{"", "tw_", token[:45], token + "x", strings.ToLower(token)} {
		if _, err := again.Use(other, noon); !errors.Is(err, ErrNoToken) {
			t.Errorf("%q: %v", other, err)
		}
	}
	if _, err := again.Use(token, end); !errors.Is(err, ErrNoToken) {
		t.Errorf("expired: %v", err)
	}
	if err := errors.Join(again.Revoke(By{}, "crm"), os.Remove(filepath.Join(dir, TokensFile))); err != nil {
		t.Error(err)
	}
	if _, err := again.Use(token, noon); !errors.Is(err, ErrNoToken) || !errors.Is(again.Revoke(By{}, "crm"), ErrNoToken) {
		t.Errorf("revoked: %v", err)
	}
	for name, roles := range map[string][]Role{"a b": {Add}, "": {Add}, "ok": nil, "ok2": {"root"}, "ok3": {Add, Add}} {
		if _, err := again.Create(By{}, name, roles, nil, noon); err == nil {
			t.Errorf("%q %v is made", name, roles)
		}
	}
	again.rand = iotest.ErrReader(errors.New("no entropy"))
	if _, err := again.Create(By{}, "crm", []Role{Add}, nil, noon); err == nil || len(again.List()) > 0 {
		t.Error("made of nothing")
	}
}

// TestTokensThatCannotBeKept: a token that is not on disk is none; one that is opens even
// where its day of use cannot be written.
func TestTokensThatCannotBeKept(t *testing.T) {
	tokens, bearer := withToken(t)
	disk, err := crash.New(filepath.Dir(tokens.path))
	if err != nil {
		t.Fatal(err)
	}
	disk.Die(1)
	tokens.files = durable.Files{Disk: disk}
	if _, err := tokens.Create(By{}, "other", []Role{Add}, nil, noon); !errors.Is(err, crash.ErrFailed) ||
		len(tokens.List()) != 1 {
		t.Error(err)
	}
	if err := tokens.Revoke(By{}, "crm"); err == nil {
		t.Error("taken back in memory alone: it would come again")
	}
	if used, err := tokens.Use(bearer, noon); err != nil || used.Name != "crm" ||
		!errors.Is(used.Unsaved, crash.ErrFailed) {
		t.Errorf("%+v, %v", used, err)
	}
}

// TestTokensLast: whichever step fails, a token that was made is on disk, one that was not opens nothing, and one that
// was taken back without an error does not come again when the power goes.
func TestTokensLast(t *testing.T) {
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
		tokens.files = durable.Files{Disk: disk}
		left := func(what crash.What) *Tokens {
			t.Helper()
			into := t.TempDir()
			if err := disk.Leave(what, into); err != nil {
				t.Fatal(err)
			}
			found, err := OpenTokens(into)
			if err != nil {
				t.Fatalf("step %d, %v left: %v", n, what, err)
			}
			return found
		}
		disk.Fail(n)
		token, refused := tokens.Create(By{}, "crm", []Role{Add}, nil, noon)
		if (token == "") != (refused != nil) {
			t.Errorf("step %d: a token and an error: %v", n, refused)
		}
		for _, what := range crash.Left {
			if _, err := left(what).Use(token, noon); (err == nil) != (refused == nil) {
				t.Errorf("step %d, %v left: made: %v, and it opens: %v", n, what, refused, err)
			}
		}
		disk.Fail(0)
		if refused != nil {
			_ = tokens.Revoke(By{}, "crm") // it may be there, and nobody has it
			if token, err = tokens.Create(By{}, "crm", []Role{Add}, nil, noon); err != nil {
				t.Fatalf("step %d, tried again: %v", n, err)
			}
		}
		disk.Fail(n)
		refusedAgain := tokens.Revoke(By{}, "crm")
		for _, what := range crash.Left {
			if _, err := left(what).Use(token, noon); err == nil && refusedAgain == nil {
				t.Errorf("step %d, %v left: it was taken back, and it opens", n, what)
			}
		}
		if _, err := tokens.Use(token, noon); err == nil && refusedAgain == nil {
			t.Errorf("step %d: it was taken back, and it opens", n)
		}
		if refused == nil && refusedAgain == nil {
			break
		}
		if !errors.Is(errors.Join(refused, refusedAgain), crash.ErrFailed) {
			t.Errorf("step %d: %v, %v", n, refused, refusedAgain)
		}
	}
}

// TestTokensChangedByHand: what is in the file is what opens. What was taken out of it does not come back, and what
// cannot be read is neither taken for the end of every token nor written over.
func TestTokensChangedByHand(t *testing.T) {
	later := noon.AddDate(0, 0, 1)
	names := func(of *Tokens) string {
		var all strings.Builder
		for _, one := range of.List() {
			all.WriteString(one.Name + " ")
		}
		return all.String()
	}
	for _, look := range []struct {
		name string
		do   func(of *Tokens, bearer string) error
		want error // where the file is broken
	}{
		{"reload", func(of *Tokens, _ string) error { return of.Reload() }, ErrTokens},
		{"refresh", func(of *Tokens, _ string) error { return of.Refresh() }, ErrTokens},
		{"create", func(of *Tokens, _ string) error {
			_, err := of.Create(By{}, "c", []Role{Add}, nil, noon)
			return err
		}, ErrTokens},
		{"revoke", func(of *Tokens, _ string) error { return of.Revoke(By{}, "b") }, ErrTokens},
		{"use", func(of *Tokens, bearer string) error {
			used, err := of.Use(bearer, later)
			return errors.Join(err, used.Unsaved)
		}, ErrTokens},
	} {
		tokens, bearer := withToken(t)
		b, err := tokens.Create(By{}, "b", []Role{Read}, nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(tokens.path)
		if err != nil {
			t.Fatal(err)
		}
		write := func(text string) {
			if err := os.WriteFile(tokens.path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("{ " + string(whole)) // somebody's slip
		if err := look.do(tokens, b); !errors.Is(err, look.want) || !strings.Contains(err.Error(), tokens.path) {
			t.Errorf("%s of a broken file: %v", look.name, err)
		}
		if text, err := os.ReadFile(tokens.path); err != nil || string(text) != "{ "+string(whole) ||
			names(tokens) != "b crm " {
			t.Errorf("%s: %v, %q stands, the tokens are %s", look.name, err, text, names(tokens))
		}
		file, err := parseTokens(whole)
		if err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(tokensFile{tokensForm, file[:1]}) // b is first by name
		if err != nil {
			t.Fatal(err)
		}
		write(string(out))
		if err := look.do(tokens, bearer); err != nil && (look.name != "use" || !errors.Is(err, ErrNoToken)) {
			t.Errorf("%s of what was changed: %v", look.name, err)
		}
		if _, err := tokens.Use(bearer, noon); !errors.Is(err, ErrNoToken) {
			t.Errorf("%s: what was taken out opens: %v", look.name, err)
		}
		if _, err := tokens.Create(By{}, "d", []Role{Add}, nil, noon); err != nil {
			t.Error(err)
		}
		again, err := OpenTokens(filepath.Dir(tokens.path))
		if err != nil || strings.Contains(names(again), "crm") || !strings.Contains(names(again), "d ") {
			t.Errorf("%s: %v, the file holds %s", look.name, err, names(again))
		}
		if err := os.Remove(tokens.path); err != nil {
			t.Fatal(err)
		}
		if err := tokens.Refresh(); err != nil || names(tokens) != "" {
			t.Errorf("%s: without a file there is %q, %v", look.name, names(tokens), err)
		}
	}
}

// TestRefreshSaysOnce: a file that stays broken is not told of every second.
func TestRefreshSaysOnce(t *testing.T) {
	tokens, _ := withToken(t)
	if err := os.WriteFile(tokens.path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := tokens.Refresh(); !errors.Is(err, ErrTokens) {
		t.Error(err)
	}
	if err := tokens.Refresh(); err != nil {
		t.Error(err)
	}
	if err := tokens.Reload(); !errors.Is(err, ErrTokens) {
		t.Errorf("who asks for it is told again: %v", err)
	}
}

func TestTokensFileIsReadStrictly(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for name, text := range map[string]string{
		"empty": "", "no JSON": "{", "another version": `{"version":3,"tokens":[]}`, "no version": `{"tokens":[]}`,
		"more": `{"version":1,"tokens":[]} {}`, "unknown": `{"version":1,"tokens":[],"x":1}`,
		"no hash": `{"version":1,"tokens":[{"name":"a","roles":["objections-add"]}]}`,
		"no role": `{"version":1,"tokens":[{"name":"a","roles":[],"sha256":"` + sum + `"}]}`,
		"role":    `{"version":1,"tokens":[{"name":"a","roles":["root"],"sha256":"` + sum + `"}]}`,
		"twice": `{"version":1,"tokens":[{"name":"a","roles":["objections-add"],"sha256":"` + sum +
			`"},{"name":"a","roles":["objections-add"],"sha256":"` + sum + `"}]}`,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, TokensFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenTokens(dir); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
}

// TestTokensThatCannotBeRead: a file that cannot be read makes no tokens, neither at a start nor later; without a file
// there is no place for any.
func TestTokensThatCannotBeRead(t *testing.T) {
	t.Parallel()
	tokens, bearer := withToken(t)
	if err := errors.Join(os.Remove(tokens.path), os.Mkdir(tokens.path, 0o700)); err != nil {
		t.Fatal(err)
	}
	_, created := tokens.Create(By{}, "shop", []Role{Read}, nil, noon)
	for what, err := range map[string]error{"made": created, "revoked": tokens.Revoke(By{}, "crm"),
		"read":       tokens.Reload(),
		"read again": tokens.Refresh()} {
		if what != "read again" && err == nil { // which looks only at what was changed since
			t.Errorf("%s in a file that cannot be read", what)
		}
	}
	if used, err := tokens.Use(bearer, noon); err != nil || used.Unsaved == nil {
		t.Errorf("the token that was there: %+v, %v", used, err)
	}
	if _, err := new(Tokens).Create(By{}, "shop", []Role{Read}, nil, noon); err == nil {
		t.Error("a token is made that is kept nowhere")
	}
	if err := new(Tokens).Reload(); err == nil {
		t.Error("tokens are read from nowhere")
	}
}

func FuzzTokensFile(f *testing.F) {
	f.Add([]byte(`{"version":1,"tokens":[{"name":"a","roles":["objections-add"],"sha256":"` + strings.Repeat("ab", 32) +
		`","created":"2026-12-01T12:00:00Z"}]}`))
	f.Add([]byte(`{"version":2,"tokens":[{"name":"a","roles":["proofs","security"],"sha256":"` +
		strings.Repeat("ab", 32) + `"}]}`))
	f.Add([]byte(`{"version":1,"tokens":[]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parseTokens(text)
		if err != nil {
			return
		}
		tokens := &Tokens{all: all}
		if _, err := tokens.Use("", time.Time{}); err == nil {
			t.Fatal("nothing opens")
		}
		again, err := json.Marshal(tokensFile{tokensForm, all})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseTokens(again); err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
	})
}
