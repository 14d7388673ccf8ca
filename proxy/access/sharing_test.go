package access

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/order"
)

// sharedTokens are tokens of a folder of a node.
func sharedTokens(t testing.TB, dir string) (*Tokens, *order.Replica) {
	t.Helper()
	r, err := order.Open(order.Options{File: filepath.Join(dir, order.FileName), Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := OpenTokens(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := tokens.Share(r); err != nil {
		t.Fatal(err)
	}
	return tokens, r
}

// act is an act on a token as it is on the log.
func act(t testing.TB, seq uint64, kind string, a tokenAct) order.Act {
	t.Helper()
	text, err := json.Marshal(map[string]any{"kind": kind, "act": a})
	if err != nil {
		t.Fatal(err)
	}
	return order.Act{Seq: seq, ID: [16]byte{byte(seq)}, Body: text}
}

// TestActsOnTokens: what comes of acts is the same whatever comes twice, on a node that did all of them and on one that
// starts anew in between; a token that was taken back never opens anything again.
func TestActsOnTokens(t *testing.T) {
	t.Parallel()
	make := func(name, secret string, roles ...Role) Token {
		return Token{Name: name, Roles: roles, SHA256: digestOf(secret), Created: noon}
	}
	one, other := make("crm", "1", Read), make("crm", "2", Add)
	wider := make("crm", "1", Read, Withdraw)
	renamed := make("desk", "2", Add)
	dir, n := t.TempDir(), uint64(0)
	whole, all := sharedTokens(t, t.TempDir())
	for _, c := range []struct {
		what string
		kind string
		of   tokenAct
		open string // secrets that open something, of 1, 2
	}{
		{"one is made", actMade, tokenAct{Token: one}, "1"},
		{"it comes twice", actMade, tokenAct{Token: one}, "1"},
		{"another one takes its name", actMade, tokenAct{Token: other}, "1"},
		{"it may more", actChanged, tokenAct{Token: wider}, "1"},
		{"one that is not there changes", actChanged, tokenAct{Token: other}, "1"},
		{"one that is not there is taken back", actRevoked, tokenAct{Name: "crm", Mark: other.Mark() + "0"}, "1"},
		{"it is taken back", actRevoked, tokenAct{Name: "crm", Mark: one.Mark()}, ""},
		{"that comes twice", actRevoked, tokenAct{Name: "crm", Mark: one.Mark()}, ""},
		{"it is made again", actMade, tokenAct{Token: one}, ""},
		{"it is changed again", actChanged, tokenAct{Token: wider}, ""},
		{"the name is free", actMade, tokenAct{Token: other}, "2"},
		{"the first one is taken back late", actRevoked, tokenAct{Name: "crm", Mark: one.Mark()}, "2"},
		{"it has another name", actChanged, tokenAct{Token: renamed}, "2"},
		{"no token", actMade, tokenAct{Token: Token{Name: "../x", Roles: []Role{Read}, SHA256: digestOf("3")}}, "2"},
		{"no role", actMade, tokenAct{Token: make("x", "3")}, "2"},
	} {
		n++
		anew, r := sharedTokens(t, dir)
		for of, tokens := range map[*order.Replica]*Tokens{all: whole, r: anew} {
			if err := of.Take([]order.Act{act(t, n, c.kind, c.of)}, ""); err != nil {
				t.Fatalf("%s: %v", c.what, err)
			}
			var opened strings.Builder
			for _, secret := range []string{"1", "2", "3"} {
				if _, err := tokens.Use(secret, noon); err == nil {
					opened.WriteString(secret)
				} else if !errors.Is(err, ErrNoToken) {
					t.Fatal(err)
				}
			}
			if open := opened.String(); open != c.open {
				t.Errorf("%s: %q open something, want %q", c.what, open, c.open)
			}
		}
	}
}

// FuzzActsOnTokens: whatever bytes come as acts, tokens are what they may be, and those taken back stay away.
func FuzzActsOnTokens(f *testing.F) {
	good, err := json.Marshal(
		tokenAct{Token: Token{Name: "crm", Roles: []Role{Read}, SHA256: digestOf("1"), Created: noon}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(good), string(good), `{"name":"crm","mark":"00"}`)
	f.Add(`{}`, `null`, ``)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		tokens, _ := sharedTokens(t, t.TempDir())
		tokens.files = durable.Files{}
		for i, body := range []string{a, b, c, a} {
			_ = tokenActs{tokens}.do([]string{actMade, actChanged, actRevoked, actMade}[i], json.RawMessage(body))
		}
		names := map[string]bool{}
		for i := range tokens.valid {
			one := &tokens.valid[i]
			if one.fault() != nil || names[one.Name] || tokens.back[one.Mark()] {
				t.Fatalf("%+v", one)
			}
			names[one.Name] = true
		}
	})
}
