package api

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

func TestTokens(t *testing.T) {
	dir := t.TempDir()
	tokens, err := OpenTokens(dir)
	if err != nil {
		t.Fatal(err)
	}
	end := noon.AddDate(0, 0, 90)
	token, err := tokens.Create("crm", []Role{Add}, &end, noon)
	if err != nil || !strings.HasPrefix(token, "tw_") || len(token) != 46 {
		t.Fatalf("%q, %v", token, err)
	}
	if _, err := tokens.Create("crm", []Role{Read}, nil, noon); !errors.Is(err, ErrTaken) {
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
	if err != nil || used.Name != "crm" || used.unsaved != nil {
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
	if err := errors.Join(again.Revoke("crm"), os.Remove(filepath.Join(dir, TokensFile))); err != nil {
		t.Error(err)
	}
	if _, err := again.Use(token, noon); !errors.Is(err, ErrNoToken) || !errors.Is(again.Revoke("crm"), ErrNoToken) {
		t.Errorf("revoked: %v", err)
	}
	for name, roles := range map[string][]Role{"a b": {Add}, "": {Add}, "ok": nil, "ok2": {"admin"}, "ok3": {Add, Add}} {
		if _, err := again.Create(name, roles, nil, noon); err == nil {
			t.Errorf("%q %v is made", name, roles)
		}
	}
	again.rand = iotest.ErrReader(errors.New("no entropy"))
	if _, err := again.Create("crm", []Role{Add}, nil, noon); err == nil || len(again.List()) > 0 {
		t.Error("made of nothing")
	}
}

// TestTokensThatCannotBeKept: a token that is not on disk is none; one that is opens even where its day of use cannot be written.
func TestTokensThatCannotBeKept(t *testing.T) {
	a := newAPI(t)
	disk, err := crash.New(filepath.Dir(a.tokens.path))
	if err != nil {
		t.Fatal(err)
	}
	disk.Die(1)
	a.tokens.files = durable.Files{Disk: disk}
	if _, err := a.tokens.Create("other", []Role{Add}, nil, noon); !errors.Is(err, crash.ErrFailed) || len(a.tokens.List()) != 1 {
		t.Error(err)
	}
	if err := a.tokens.Revoke("crm"); err == nil {
		t.Error("taken back in memory alone: it would come again")
	}
	if w := a.call(a.face, "GET", "/api/v1/objections", ""); w.Code != 200 || len(a.reports) != 2 {
		t.Errorf("%d, %q", w.Code, a.reports)
	}
}

// TestTokensLast: whichever step fails, a token that was made is on disk, one that was not opens nothing, and one that was taken back without
// an error does not come again when the power goes.
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
		token, refused := tokens.Create("crm", []Role{Add}, nil, noon)
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
			_ = tokens.Revoke("crm") // it may be there, and nobody has it
			if token, err = tokens.Create("crm", []Role{Add}, nil, noon); err != nil {
				t.Fatalf("step %d, tried again: %v", n, err)
			}
		}
		disk.Fail(n)
		refusedAgain := tokens.Revoke("crm")
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

// TestTokensChangedByHand: what is in the file is what opens. What was taken out of it does not come back, and what cannot be read is neither
// taken for the end of every token nor written over.
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
		{"create", func(of *Tokens, _ string) error { _, err := of.Create("c", []Role{Add}, nil, noon); return err }, ErrTokens},
		{"revoke", func(of *Tokens, _ string) error { return of.Revoke("b") }, ErrTokens},
		{"use", func(of *Tokens, bearer string) error {
			used, err := of.Use(bearer, later)
			return errors.Join(err, used.unsaved)
		}, ErrTokens},
	} {
		a := newAPI(t)
		b, err := a.tokens.Create("b", []Role{Read}, nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(a.tokens.path)
		if err != nil {
			t.Fatal(err)
		}
		write := func(text string) {
			if err := os.WriteFile(a.tokens.path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("{ " + string(whole)) // somebody's slip
		if err := look.do(a.tokens, b); !errors.Is(err, look.want) || !strings.Contains(err.Error(), a.tokens.path) {
			t.Errorf("%s of a broken file: %v", look.name, err)
		}
		if text, err := os.ReadFile(a.tokens.path); err != nil || string(text) != "{ "+string(whole) || names(a.tokens) != "b crm " {
			t.Errorf("%s: %v, %q stands, the tokens are %s", look.name, err, text, names(a.tokens))
		}
		if w := a.call(a.operator, "POST", "/api/v1/tokens", `{"name":"c","roles":["objections-add"]}`); isProblem(t, w).Status != 503 {
			t.Errorf("%s: %d %s", look.name, w.Code, w.Body)
		}
		file, err := parseTokens(whole)
		if err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(tokensFile{1, file[:1]}) // b is first by name
		if err != nil {
			t.Fatal(err)
		}
		write(string(out))
		if err := look.do(a.tokens, a.bearer); err != nil && (look.name != "use" || !errors.Is(err, ErrNoToken)) {
			t.Errorf("%s of what was changed: %v", look.name, err)
		}
		if _, err := a.tokens.Use(a.bearer, noon); !errors.Is(err, ErrNoToken) {
			t.Errorf("%s: what was taken out opens: %v", look.name, err)
		}
		if _, err := a.tokens.Create("d", []Role{Add}, nil, noon); err != nil {
			t.Error(err)
		}
		again, err := OpenTokens(filepath.Dir(a.tokens.path))
		if err != nil || strings.Contains(names(again), "crm") || !strings.Contains(names(again), "d ") {
			t.Errorf("%s: %v, the file holds %s", look.name, err, names(again))
		}
		if err := os.Remove(a.tokens.path); err != nil {
			t.Fatal(err)
		}
		if err := a.tokens.Refresh(); err != nil || names(a.tokens) != "" {
			t.Errorf("%s: without a file there is %q, %v", look.name, names(a.tokens), err)
		}
	}
}

// TestRefreshSaysOnce: a file that stays broken is not told of every second.
func TestRefreshSaysOnce(t *testing.T) {
	a := newAPI(t)
	if err := os.WriteFile(a.tokens.path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.tokens.Refresh(); !errors.Is(err, ErrTokens) {
		t.Error(err)
	}
	if err := a.tokens.Refresh(); err != nil {
		t.Error(err)
	}
	if err := a.tokens.Reload(); !errors.Is(err, ErrTokens) {
		t.Errorf("who asks for it is told again: %v", err)
	}
}

func TestRolesAreAsked(t *testing.T) {
	a := newAPI(t)
	bodies := map[string]string{
		"POST/objections": `{"ids":{"email":"jane@example.com"},"all":true}`, "DELETE/objections": `{"ids":{"email":"jane@example.com"},"all":true,"because":"x"}`,
		"POST/objections/check": `{"ids":{"email":"jane@example.com"}}`,
	}
	for _, role := range Roles() {
		token, err := a.tokens.Create(string(role), []Role{role}, nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range calls {
			want := map[Role]int{role: 200, "": 404, anybody: 503}[one.role]
			if want == 0 {
				want = 403
			}
			if w := a.call(a.face, one.method, Base+one.path, bodies[one.method+one.path], "Authorization: Bearer "+token); w.Code != want {
				t.Errorf("%s may %s %s: %d %s", role, one.method, one.path, w.Code, w.Body)
			}
		}
	}
	for _, header := range []string{
		"", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer tw_AAAA", "Basic " + a.bearer, "Token " + a.bearer, a.bearer, "Bearer" + a.bearer,
	} {
		w := a.call(a.face, "GET", "/api/v1/objections", "", "Authorization: "+header)
		if w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%q: %d", header, w.Code)
		}
	}
}

func TestTokensByTheOperator(t *testing.T) {
	a := newAPI(t)
	w := a.call(a.operator, "POST", "/api/v1/tokens", `{"name":"mail","roles":["objections-add"],"expires":"2026-12-02T00:00:00Z"}`)
	var made Made
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != 200 {
		t.Fatal(err, w.Code, w.Body)
	}
	const body = `{"ids":{"email":"jane@example.com"},"all":true}`
	if w := a.call(a.face, "POST", "/api/v1/objections", body, "Authorization: Bearer "+made.Token); w.Code != 200 {
		t.Errorf("it does not open at once: %d", w.Code)
	}
	if w := a.call(a.operator, "GET", "/api/v1/tokens", ""); strings.Contains(w.Body.String(), "sha256") || !strings.Contains(w.Body.String(), `"name":"mail","roles":["objections-add"]`) {
		t.Errorf("%s", w.Body)
	}
	for _, test := range []struct {
		method, body string
		status       int
	}{
		{"POST", `{"name":"mail","roles":["objections-add"]}`, 409},
		{"POST", `{"name":"two","roles":["admin"]}`, 422},
		{"POST", `{"name":"two","roles":[]}`, 422},
		{"POST", `{"name":"two"}`, 422},
		{"POST", `{"name":"two","roles":["objections-add"],"expires":"2020-01-01T00:00:00Z"}`, 422},
		{"POST", `{"name":"two","roles":["objections-add"],"expires":"soon"}`, 422},
		{"DELETE", `{"name":"two"}`, 404},
		{"DELETE", `[`, 400},
		{"DELETE", `{"name":7}`, 422},
		{"DELETE", `{"name":"mail","and":"more"}`, 422},
		{"DELETE", `{"name":"mail"}`, 200},
	} {
		if w := a.call(a.operator, test.method, "/api/v1/tokens", test.body); w.Code != test.status {
			t.Errorf("%s %s: %d %s", test.method, test.body, w.Code, w.Body)
		}
	}
	if w := a.call(a.face, "POST", "/api/v1/objections", body, "Authorization: Bearer "+made.Token); w.Code != 401 {
		t.Errorf("it opens when it was revoked: %d", w.Code)
	}
	if w := a.call(a.face, "GET", "/api/v1/tokens", ""); w.Code != 404 {
		t.Errorf("tokens list tokens: %d", w.Code)
	}
}

func TestTokensFileIsReadStrictly(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for name, text := range map[string]string{
		"empty": "", "no JSON": "{", "another version": `{"version":2,"tokens":[]}`, "more": `{"version":1,"tokens":[]} {}`, "unknown": `{"version":1,"tokens":[],"x":1}`,
		"no hash": `{"version":1,"tokens":[{"name":"a","roles":["objections-add"]}]}`, "no role": `{"version":1,"tokens":[{"name":"a","roles":[],"sha256":"` + sum + `"}]}`,
		"role":  `{"version":1,"tokens":[{"name":"a","roles":["root"],"sha256":"` + sum + `"}]}`,
		"twice": `{"version":1,"tokens":[{"name":"a","roles":["objections-add"],"sha256":"` + sum + `"},{"name":"a","roles":["objections-add"],"sha256":"` + sum + `"}]}`,
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

func FuzzTokensFile(f *testing.F) {
	f.Add([]byte(`{"version":1,"tokens":[{"name":"a","roles":["objections-add"],"sha256":"` + strings.Repeat("ab", 32) + `","created":"2026-12-01T12:00:00Z"}]}`))
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
		again, err := json.Marshal(tokensFile{1, all})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseTokens(again); err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
	})
}
